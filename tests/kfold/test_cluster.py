"""Real trainings on a real cluster: two nodes of one CPU each, both on this machine.

Ray gives each node some 15 seconds to start: on a starved machine they fail before they begin.
"""

import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
import ray
from ray.cluster_utils import Cluster
from rich.console import Console

import kfold.cluster
from data.errors import UserError
from data.reader import read_competition
from kfold.cluster import ClusterTrainers, Need, start_cluster
from kfold.config_file import read_config
from kfold.crossval import cross_validate, deal_folds
from kfold.recipe import Recipe
from kfold.run import Run, open_run, read_run
from kfold.run_config import RunConfig
from kfold.study import finished, open_study
from kfold.tune import Options as Tune
from kfold.tune import main as search
from tests.kfold.few_faces import few_faces

ROOT = Path(__file__).parents[2]
CALM = Recipe("base_extended", epochs=4, policy="standard", batch_size=16)
WILD = replace(CALM, learning_rate=1e30)
NODE = {"num_cpus": 1, "num_gpus": 0, "object_store_memory": 80 << 20}
CV = ("kfold.cv", "--data", "demo", "--models", "mask", "--folds", "2", "--epochs", "4")

# The workers cannot import this file.
ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])


@pytest.fixture(scope="module", autouse=True)
def place(tmp_path_factory):
    """A folder with few faces, from which all is run; a machine with one core, without usage calls.

    Ray gives up on a busy machine soon, unless told to wait.
    """
    with few_faces(tmp_path_factory.mktemp("cluster"), train=48) as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_agent_register_timeout_ms", "300000")
        yield


@pytest.fixture(scope="module")
def cluster(place):
    """Two nodes; RAY_ADDRESS leads to them."""
    with pytest.MonkeyPatch.context() as patch:
        nodes = Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})
        nodes.add_node(**NODE)
        patch.setenv("RAY_ADDRESS", nodes.address)
        yield nodes
        nodes.shutdown()


def begin(name: str, models: dict[str, Recipe]) -> Run:
    """A run with its folds dealt."""
    competition = read_competition(Path("demo"))
    run = open_run(Path("runs", name), RunConfig("demo", competition.checksum, 2, 1, models))
    deal_folds(run, competition.train, Console(quiet=True))
    return run


def trained(run: Run, cluster: Need | None) -> str:
    """Train and return what was printed."""
    console = Console(record=True, width=200, file=io.StringIO(), soft_wrap=True)
    cross_validate(run, list(run.config.models), 1, console, cluster=cluster)
    return console.export_text()


@pytest.fixture(scope="module")
def alone():
    """One model that learns and one that diverges, trained by one local process of one thread."""
    run = begin("alone", {"calm": CALM, "wild": WILD})
    return run, trained(run, None)


def assert_same(run: Run, reference: Run) -> None:
    """What `calm` became is the same to the last digit."""
    assert (run.folder / "folds.csv").read_text() == (reference.folder / "folds.csv").read_text()
    for fold in range(2):
        ours, theirs = (r.fold_folder("calm", 0, fold) for r in (run, reference))
        assert {path.name for path in ours.iterdir()} == {path.name for path in theirs.iterdir()}
        history = (folder / "history.json" for folder in (ours, theirs))
        assert json.loads(next(history).read_text()) == json.loads(next(history).read_text())
        assert run.summary("calm", 0, fold)["rmse"] == reference.summary("calm", 0, fold)["rmse"]
        with np.load(ours / "predictions.npz") as one, np.load(theirs / "predictions.npz") as two:
            for name in one:
                np.testing.assert_array_equal(one[name], two[name])


def without_times(printed: str) -> set[str]:
    """The ends of trainings in what was printed."""
    return {line.partition(" in ")[0] for line in printed.splitlines() if "RMSE" in line}


def test_a_cluster_makes_what_this_machine_does_and_says_so_alike(alone, cluster):
    reference, printed = alone
    run = begin("same", {"calm": CALM, "wild": WILD})
    told = trained(run, Need())
    assert_same(run, reference)
    assert {line for line in without_times(told) if "calm" in line} >= {
        line for line in without_times(printed) if "calm" in line and "epoch" not in line
    }
    assert "calm, seed 0, fold 2/2 · epoch 4/4 · loss" in told
    assert "the loss became" in told
    assert "Seed 0 of wild is left out." in told
    assert not run.finished_seeds("wild")
    assert trained(run, Need()).count("calm, seed 0, fold 1/2: finished before, skipped") == 1


@pytest.fixture
def at_first_report(monkeypatch):
    """Have something done once, when the first epoch is reported: trainings are under way."""

    def do(action):
        reports, done = ClusterTrainers.reports, []

        def watched(self):
            for report in reports(self):
                if not done:
                    done.append(report)
                    action()
                yield report

        monkeypatch.setattr(ClusterTrainers, "reports", watched)
        return done

    return do


def workers() -> list[psutil.Process]:
    """The processes that train now, on all nodes."""
    processes = psutil.process_iter(["cmdline"])
    return [p for p in processes if p.info["cmdline"][:1] == ["ray::fit_remotely"]]


def test_a_search_on_a_cluster_finds_what_one_here_does(cluster):
    """The reference, which is the first trial; Optuna's part is tested in `test_search.py`."""
    few = {"data": Path("demo"), "folds": 2, "epochs": 1, "trials": 1}
    search(Tune(**few, run="there", cluster="ray"))
    search(Tune(**few, run="here", jobs=1))
    runs = [read_run(Path("runs", name)) for name in ("there", "here")]
    values = [
        finished(open_study(run.folder, run.config.models["trial0"]))[0].value for run in runs
    ]
    assert values[0] == values[1]
    assert read_config(runs[0].folder / "winner.json") == read_config(
        runs[1].folder / "winner.json"
    )


def test_a_worker_that_is_killed_is_made_up_for(alone, cluster, at_first_report):
    run = begin("killed", {"calm": CALM})
    done = at_first_report(lambda: workers()[0].kill())
    told = trained(run, Need())
    assert done
    assert told.count("images/s") == 2
    assert_same(run, alone[0])


def test_a_node_that_is_lost_is_made_up_for(alone, cluster, at_first_report):
    run = begin("lost", {"calm": CALM})
    lost = next(iter(cluster.worker_nodes))
    done = at_first_report(lambda: cluster.remove_node(lost, allow_graceful=False))
    told = trained(run, Need())
    cluster.add_node(**NODE)
    assert done
    assert told.count("images/s") == 2
    assert_same(run, alone[0])


def test_a_driver_that_is_killed_and_started_again_trains_nothing_twice(cluster):
    def command():
        words = (*CV, "--run", "again", "--cluster", "ray")
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            [sys.executable, "-m", *words], env=environment, stdout=subprocess.PIPE, text=True
        )

    first = command()
    while not (finished := list(Path("runs/again").glob("mask/seed0/*/done.json"))):
        time.sleep(0.02)
        assert first.poll() is None
    first.kill()
    first.communicate()
    before = {path: path.stat().st_mtime_ns for path in finished}
    second = command()
    told, _ = second.communicate(timeout=300)
    assert second.returncode == 0
    assert told.count("finished before, skipped") >= len(before)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(list(Path("runs/again").glob("mask/seed0/*/done.json"))) == 2


def test_a_training_that_always_fails_is_left_out_and_named(alone, cluster):
    run = begin("failing", {"broken": Recipe("no such network", epochs=1), "calm": CALM})
    told = trained(run, Need())
    assert "broken, seed 0, fold 1/2: failed 3 times, at last with KeyError" in told
    assert "Seed 0 of broken is left out." in told
    assert run.finished_seeds("broken") == []
    assert_same(run, alone[0])


def test_a_worker_that_dies_each_time_does_not_keep_the_run_from_its_end(cluster, tmp_path):
    tries = tmp_path / "tries"

    def die(*_):
        with tries.open("a") as file:
            file.write(".")
        os.kill(os.getpid(), signal.SIGKILL)

    with start_cluster(begin("dying", {"calm": CALM}), Need(), die) as trainers:
        outcome = trainers.submit(("calm", 0, 0), CALM).result(timeout=120)
    assert "failed 3 times, at last with WorkerCrashedError" in outcome
    assert len(tries.read_text()) == kfold.cluster.TRIES


def test_only_code_and_what_threads_need_travels(cluster, monkeypatch):
    """The nodes were started before, without the secret."""
    monkeypatch.setenv("KAGGLE_KEY", "hush")

    def look(*_):
        files = [str(path) for path in Path.cwd().rglob("*") if path.is_file()]
        return {"environment": dict(os.environ), "files": files}, {}

    with start_cluster(begin("secret", {"calm": CALM}), Need(cpus=1), look) as trainers:
        seen = trainers.submit(("calm", 0, 0), CALM).result(timeout=120)
    assert seen["environment"]["TF_NUM_INTRAOP_THREADS"] == "1"
    assert seen["environment"]["CUDA_VISIBLE_DEVICES"] == "-1"
    assert "hush" not in str(seen["environment"])
    assert any(file.endswith("kfold/fit.py") for file in seen["files"])
    assert {Path(file).suffix for file in seen["files"]} - {".pyc"} == {".py"}  # made there


def test_other_versions_on_a_node_are_refused(cluster, monkeypatch):
    monkeypatch.setattr("kfold.cluster.installed_versions", lambda: {"numpy": "0.1"})
    with pytest.raises(UserError, match=r"expected numpy 0.1.*Install the same requirements"):
        trained(begin("versions", {"calm": CALM}), Need())


def test_a_training_that_is_not_wanted_any_more_stops(cluster):
    run = begin("stopped", {"calm": CALM})
    with start_cluster(run, Need()) as trainers:
        trainers.stop(("calm", 0, 0))
        future = trainers.submit(("calm", 0, 0), CALM)
        assert future.result(timeout=120) == "stopped after epoch 1."
    assert not run.fold_folder("calm", 0, 0).exists()


def test_a_board_that_is_lost_ends_with_a_message(cluster):
    def look() -> None:
        with start_cluster(begin("boardless", {"calm": CALM}), Need()) as trainers:
            ray.kill(trainers._board)
            list(trainers.reports())

    with pytest.raises(UserError, match=r"the cluster was lost \(ActorDiedError\)"):
        look()


def test_ctrl_c_ends_the_trainings(cluster, at_first_report):
    run = begin("interrupted", {"calm": replace(CALM, epochs=1000)})
    at_first_report(lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        trained(run, Need())
    deadline = time.monotonic() + 60
    while workers():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert not list(run.folder.glob("calm/**/*.json"))


def test_a_training_that_fits_on_no_node_is_refused(cluster):
    with pytest.raises(UserError, match=r"a node with 3 CPUs and 0.5 GPUs.*none among 2"):
        trained(begin("large", {"calm": CALM}), Need(3, 0.5))


@pytest.mark.parametrize(
    ("address", "message"),
    [("127.0.0.1:1", "refused"), ("somewhere", "'somewhere'"), ("ray://127.0.0.1:1", "ray:")],
)
def test_an_address_without_a_cluster_is_refused(monkeypatch, address, message):
    monkeypatch.setenv("RAY_ADDRESS", address)
    with pytest.raises(UserError, match=f"expected <host>:<port>.*{message}"):
        trained(begin("nowhere", {"calm": CALM}), Need())


def test_without_ray_it_is_said_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"requirements-cluster\.txt"):
        trained(begin("without", {"calm": CALM}), Need())
