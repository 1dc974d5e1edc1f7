"""Real trainings in real worker processes; those that fail do so before TensorFlow is imported."""

import io
import os
import re
import signal
from collections.abc import Callable
from concurrent.futures import wait
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from data.errors import UserError
from data.reader import read_competition
from kfold.begin import deal_folds
from kfold.crossval import cross_validate
from kfold.recipe import Recipe
from kfold.run import Run, open_run
from kfold.run_config import RunConfig
from kfold.workers import start_trainers
from tests.kfold.few_faces import few_faces

CALM = Recipe("base_extended", epochs=1, policy="standard", batch_size=16)
WILD = replace(CALM, learning_rate=1e30, epochs=3)


@pytest.fixture(scope="module", autouse=True)
def place(tmp_path_factory):
    """A folder with few faces, from which all is run; a machine with one core."""
    with few_faces(tmp_path_factory.mktemp("crossval"), train=48):
        yield


def begin(name: str, models: dict[str, Recipe], data: str = "demo") -> Run:
    """A run with its folds dealt."""
    competition = read_competition(Path("demo"))
    run = open_run(Path("runs", name), RunConfig(data, competition.checksum, 2, 1, models))
    deal_folds(run, competition.train, Console(quiet=True))
    return run


def trained(run: Run, models: list[str], jobs: int) -> str:
    """Train and return what was printed."""
    console = Console(record=True, width=200, file=io.StringIO())
    cross_validate(run, models, 1, console, jobs)
    return console.export_text()


@pytest.fixture(scope="module")
def alone():
    """One model that learns and one that diverges, trained by one process after the other."""
    run = begin("alone", {"calm": CALM, "wild": WILD})
    return run, trained(run, ["calm", "wild"], jobs=1)


def test_a_diverged_model_is_left_out_and_the_others_are_kept(alone):
    run, printed = alone
    assert run.finished_seeds("calm") == [0]
    assert run.finished_seeds("wild") == []
    assert "fold 1/2: the loss became" in printed
    assert "Seed 0 of wild is left out." in printed
    assert "wild, seed 0, fold 2/2" not in printed
    assert not run.fold_folder("wild", 0, 1).exists()
    (why,) = run.left_out
    assert why.startswith("wild seed 0 (the loss became")


def test_a_training_that_fails_is_left_out_and_the_others_are_kept():
    unknown = replace(CALM, network="none")  # whatever a backend runs into ends alike
    run = begin("failing", {"calm": CALM, "unknown": unknown})
    printed = trained(run, ["calm", "unknown"], jobs=1)
    assert "failed with KeyError: 'none' Seed 0 of unknown is left out." in printed
    assert run.finished_seeds("calm") == [0]
    again = trained(run, ["calm", "unknown"], jobs=1)
    assert again.count("failed with KeyError") == 1
    assert again.count("finished before, skipped") == 2


def test_two_processes_predict_what_one_does(alone):
    """To the last digit, with one thread each; augmenting in the process or in another."""
    run = begin("together", {"calm": CALM})
    printed = trained(run, ["calm"], jobs=2)
    assert printed.count("images/s") == 2
    for fold in range(2):
        paths = [r.fold_folder("calm", 0, fold) / "predictions.npz" for r in (alone[0], run)]
        with np.load(paths[0]) as one, np.load(paths[1]) as two:
            for name in one:
                np.testing.assert_array_equal(one[name], two[name])


def test_what_is_finished_starts_no_process(alone, monkeypatch):
    run, _ = alone
    monkeypatch.delattr("kfold.crossval.start_trainers")
    assert trained(run, ["calm"], jobs=2).count("finished before, skipped") == 2


def test_what_diverged_is_not_trained_again(alone, monkeypatch):
    run, _ = alone
    monkeypatch.delattr("kfold.crossval.start_trainers")
    assert (
        trained(run, ["wild"], jobs=2).count("diverged before, left out (MODELS=wild FORCE=1") == 2
    )


def test_a_user_error_in_a_worker_arrives_as_it_is():
    run = begin("moved", {"calm": CALM}, data="nowhere")
    with pytest.raises(UserError, match="nowhere: no such folder"):
        trained(run, ["calm"], jobs=2)
    assert not run.summary("calm", 0, 0)


def test_a_training_that_is_stopped_says_so_and_keeps_nothing():
    run = begin("halted", {"calm": CALM})
    task = ("calm", 0, 0)
    with start_trainers(run, 1, 1, 0) as trainers:
        future = trainers.submit(task, replace(CALM, epochs=1000))
        while not [epoch for _, epoch, _ in trainers.reports()]:
            wait([future], timeout=0.02)
        trainers.stop(task)
        assert re.fullmatch(r"stopped after epoch \d+.", future.result(timeout=120))
        assert not run.fold_folder(*task).exists()
        summary = trainers.submit(task, CALM).result(timeout=120)
    assert summary == run.summary(*task)


def start_and(stop: Callable[[int], None], run: Run, workers: list[int]) -> None:
    """Have two workers begin a training, note their ids and call `stop` with one of them."""
    with start_trainers(run, 2, 1, 0) as trainers:
        workers += trainers._pool._processes
        future = trainers.submit(("calm", 0, 0), CALM)
        stop(workers[0])
        future.result(timeout=60)


@pytest.mark.parametrize(
    ("stop", "error", "message"),
    [
        (lambda worker: os.kill(worker, signal.SIGKILL), UserError, r"was killed.*JOBS=1"),
        (lambda _: signal.raise_signal(signal.SIGINT), KeyboardInterrupt, None),
    ],
    ids=["a worker is killed", "Ctrl-C"],
)
def test_however_it_stops_no_worker_stays(stop, error, message):
    run, workers = begin("stopped", {"calm": CALM}), []
    half_written = run.fold_folder("calm", 0, 1) / ".123-model.weights.h5"
    half_written.parent.mkdir(parents=True, exist_ok=True)
    half_written.touch()
    with pytest.raises(error, match=message):
        start_and(stop, run, workers)
    assert not half_written.exists()
    assert len(workers) == 2
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)
    assert not run.summary("calm", 0, 0)
