"""Real trainings in real worker processes; those that fail do so before TensorFlow is imported."""

import os
import re
import signal
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import replace

import pytest

from data.system.errors import UserError
from kfold.parallel.crossval import FoldScheduler
from kfold.parallel.event_loop import run_trainings
from kfold.parallel.jobs import Phase
from kfold.parallel.local_pool import open_local_pool
from kfold.parallel.outcomes import Failed, Stopped
from kfold.runs.open_run import OpenRun
from kfold.runs.run import Run
from kfold.runs.task import Task
from tests.kfold.few_faces import few_faces
from tests.kfold.parallel.trainings import (
    BROKEN,
    CALM,
    WILD,
    assert_same,
    recorder,
    start,
    trained,
)

MODELS = {"calm": CALM, "wild": WILD, "broken": BROKEN, "twin": CALM}


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    """A folder with few faces, in which all is run; a machine with one core."""
    with few_faces(tmp_path_factory.mktemp("crossval"), train=24):
        yield


@pytest.fixture(scope="module")
def single(folder):
    """A run whose models learn, diverge or fail in one process, its output, and `unfinished`."""
    opened = start("run", MODELS)
    printed = trained(opened, ["calm", "wild", "broken"], jobs=1)
    return opened, printed, opened.run.unfinished


def test_a_diverged_model_is_left_out_and_the_others_are_kept(single):
    opened, printed, unfinished = single
    run = opened.run
    assert run.finished_seeds("calm") == [0]
    assert run.finished_seeds("wild") == []
    assert "Trainings at a time: 1 (JOBS=), threads of each: 1" in printed
    assert "wild, seed 0, fold 1/2: the loss became" in printed
    assert "Seed 0 of wild is left out." in printed
    assert "wild, seed 0, fold 2/2" not in printed
    assert not run.fold_folder("wild", 0, 1).exists()
    assert [reason.partition(" became")[0] for reason in unfinished] == [
        "wild seed 0 (the loss",
        "broken seed 0 (failed: broken.py, line 4: KeyError: 'none')",
        "twin (not started)",
    ]


def test_two_processes_predict_what_one_does_and_a_stopped_training_keeps_nothing(single):
    """To the last digit, with one thread each; augmenting in the process or in another."""
    opened, _, _ = single
    stopped, console = Task("calm", 1, 0), recorder()
    with open_local_pool(opened, 2, 1, 0) as pool:
        future = pool.submit(stopped, replace(CALM, epochs=1000))
        while not list(pool.reports()):
            wait([future], timeout=0.02)
        pool.stop(stopped)
        outcome = future.result(timeout=600)
        tasks = [Task("twin", 0, fold) for fold in range(2)]
        run_trainings(pool, FoldScheduler(opened.run, tasks, console))
    assert isinstance(outcome, Stopped)
    assert re.fullmatch(r"stopped after epoch \d+.", outcome.reason)
    assert not opened.run.fold_folder(*stopped).exists()
    assert console.export_text().count("images/s") == 2
    assert_same(opened.run, "twin", opened.run, "calm")


class FailingPool:
    """A pool whose trainings fail."""

    def __init__(self) -> None:
        self.submitted: list[Task] = []

    def capacity(self):
        return 1

    def submit(self, task, recipe):
        self.submitted.append(task)
        future = Future()
        future.set_result(Failed("failed again."))
        return future

    def reports(self):
        return iter(())


def test_a_failed_training_is_left_out_and_tried_by_the_next_command(single, monkeypatch):
    opened, printed, _ = single
    assert "failed: broken.py, line 4: KeyError: 'none'. Seed 0 of broken is left out." in printed
    assert "broken, seed 0, fold 2/2" not in printed
    pool, starts = FailingPool(), []

    @contextmanager
    def open_pool(workers, run, trainings, console):
        starts.append((workers, trainings))
        yield pool

    monkeypatch.setattr("kfold.parallel.crossval.open_pool", open_pool)
    again = trained(opened, ["calm", "wild", "broken"], jobs=4)
    assert again.count("finished before, skipped") == 2
    assert again.count("diverged before, left out (delete ") == 2
    assert again.count("wild/seed0 to try again)") == 2
    assert "failed again. Seed 0 of broken is left out." in again
    assert "Trainings at a time: 2 (JOBS=), threads of each: 1" in again
    assert pool.submitted == [Task("broken", 0, 0)]
    assert starts == [(Phase(2, 2, 1, 0), 2)]  # after a round of the four that are skipped


@pytest.mark.parametrize(
    ("model", "reason"), [("calm", "finished before, skipped"), ("wild", "diverged before")]
)
def test_finished_and_diverged_trainings_start_no_process(single, monkeypatch, model, reason):
    monkeypatch.delattr("kfold.parallel.crossval.open_pool")
    assert trained(single[0], [model], jobs=2).count(reason) == 2


def test_a_user_error_in_a_worker_arrives_unchanged():
    opened = start("moved", {"calm": CALM})
    run = Run(opened.run.folder, replace(opened.run.config, data="nowhere"))
    with pytest.raises(UserError, match="nowhere: no such folder"):
        trained(replace(opened, run=run), jobs=1)
    assert not run.summary("calm", 0, 0)


def start_and(stop: Callable[[int], None], opened: OpenRun, workers: list[int]) -> None:
    """Start a training in a pool of two workers, note their ids and call `stop` with one."""
    with open_local_pool(opened, 2, 1, 0) as pool:
        workers += pool.executor._processes
        future = pool.submit(Task("calm", 0, 0), CALM)
        stop(workers[0])
        future.result(timeout=600)


@pytest.mark.parametrize(
    ("stop", "error", "message"),
    [
        (lambda worker: os.kill(worker, signal.SIGKILL), UserError, r"was killed.*JOBS=1"),
        (lambda _: signal.raise_signal(signal.SIGINT), KeyboardInterrupt, None),
    ],
    ids=["killed", "ctrl-c"],
)
def test_no_worker_and_no_partial_file_remains(stop, error, message, request):
    opened, workers = start(f"interrupted-{request.node.callspec.id}", {"calm": CALM}), []
    half_written = opened.run.fold_folder("calm", 0, 1) / ".123456789-model.weights.h5"
    half_written.parent.mkdir(parents=True)
    half_written.touch()
    with pytest.raises(error, match=message):
        start_and(stop, opened, workers)
    assert not half_written.exists()
    assert len(workers) == 2
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)
    assert not opened.run.summary("calm", 0, 0)
