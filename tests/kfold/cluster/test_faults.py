"""What a cluster loses is made up for, or told."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import ray

import kfold.cluster
from data.errors import UserError
from kfold.cluster import ClusterTrainers, start_cluster
from kfold.need import Need
from kfold.recipe import Recipe
from tests.kfold.cluster.trainings import CALM, NODE, QUIET, assert_same, begin, trained

ROOT = Path(__file__).parents[3]
CV = ("kfold.cv", "--data", "demo", "--models", "mask", "--folds", "2", "--epochs", "4")

# The workers cannot import this file.
ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])


def workers() -> list[psutil.Process]:
    """The processes that train now, on all nodes."""
    processes = psutil.process_iter(["cmdline"])
    return [p for p in processes if p.info["cmdline"][:1] == ["ray::fit_remotely"]]


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


def test_a_node_that_fits_is_waited_for(cluster, at_first_report, monkeypatch):
    large = {**NODE, "num_cpus": 2}
    nodes = [cluster.add_node(**large)]
    look = ClusterTrainers._look

    def help_out(self):
        look(self)
        if not self._room and len(nodes) < 2:
            nodes.append(cluster.add_node(**large))

    monkeypatch.setattr(ClusterTrainers, "_look", help_out)
    at_first_report(lambda: cluster.remove_node(nodes[0], allow_graceful=False))
    told = trained(begin("awaited", {"calm": CALM}), Need(cpus=2))
    cluster.remove_node(nodes[1])
    assert "No node with 2 CPUs and 0 GPUs is left: waiting for one." in told
    assert "Trainings go on, 1 at a time." in told
    assert told.count("images/s") == 2


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

    with start_cluster(begin("dying", {"calm": CALM}), Need(), QUIET, die) as trainers:
        outcome = trainers.submit(("calm", 0, 0), CALM).result(timeout=120)
    assert "failed 3 times, at last with WorkerCrashedError" in outcome
    assert len(tries.read_text()) == kfold.cluster.TRIES


def test_a_board_that_is_lost_ends_with_a_message(cluster):
    def look() -> None:
        with start_cluster(begin("boardless", {"calm": CALM}), Need(), QUIET) as trainers:
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
