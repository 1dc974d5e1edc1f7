"""Trainings on a cluster are those of this machine; what it loses is trained again or named."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import ray

from data.system.errors import UserError
from kfold.parallel.outcomes import EpochReport, Failed, Stopped
from kfold.parallel.ray_pool import ATTEMPTS, RayPool, open_ray_pool
from kfold.parallel.ray_worker import RemoteResult, fit_remotely
from kfold.parallel.resources import TrainingResources
from kfold.runs.locate import read_run
from kfold.runs.task import Task
from kfold.search.space import space_of
from kfold.search.study import finished, open_study
from kfold.tune import TuneOptions
from kfold.tune import main as tune
from tests.bench.cluster import FOLDS, nap, start_naps, train_naps
from tests.kfold.parallel.ray import sleeping_run
from tests.kfold.parallel.trainings import (
    BROKEN,
    CALM,
    OWN,
    QUIET,
    WILD,
    assert_same,
    recorder,
    start,
    trained,
)
from tests.kfold.search.small_tune import SMALL

ROOT = Path(__file__).parents[4]
ONE_CPU = TrainingResources()

pytestmark = pytest.mark.usefixtures("cluster")

# The workers cannot import this file.
ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])


def workers(name: str) -> list[psutil.Process]:
    """The processes on all nodes that run a function of this name."""
    processes = psutil.process_iter(["cmdline"])
    return [
        process for process in processes if (process.info["cmdline"] or [])[:1] == [f"ray::{name}"]
    ]


def ends(printed: str) -> set[str]:
    """Lines on the finished trainings of `calm`, without their times."""
    lines = re.findall(r"calm, .* over all labels(?= in )", printed)
    assert len(lines) == 2
    return set(lines)


def test_a_cluster_trains_what_this_machine_does_even_if_a_worker_is_killed(at_first_report):
    local = start("local", {"calm": CALM, "own": OWN})
    printed_here = trained(local, jobs=1)
    opened = start("same", {"calm": CALM, "own": OWN, "wild": WILD, "broken": BROKEN})
    killed = at_first_report(lambda: workers("fit_remotely")[0].kill())
    printed = trained(opened, resources=ONE_CPU)
    assert killed
    assert_same(opened.run, "calm", local.run, "calm")
    assert_same(opened.run, "own", local.run, "own")
    assert ends(printed) == ends(printed_here)
    assert "calm, seed 0, fold 2/2 · epoch 2/2 · loss" in printed
    assert "the loss became" in printed
    assert "Seed 0 of wild is left out." in printed
    assert f"broken, seed 0, fold 1/2: {ATTEMPTS} attempts failed; the last one failed" in printed
    assert "broken.py, line 4: KeyError: 'none'. Seed 0 of broken is left out." in printed
    assert set(opened.run.finished_models) == {"calm", "own"}
    again = trained(opened, ["calm", "wild"], resources=ONE_CPU)
    assert again.count("finished before, skipped") == 2


def test_a_search_on_a_cluster_finds_the_same_as_one_here(monkeypatch):
    """The reference, which is the first trial; `test_search.py` tests the proposals."""
    monkeypatch.setattr("kfold.config.presets.QUICK", SMALL)
    few = {"data": Path("demo"), "folds": 2, "epochs": 1, "trials": 1}
    tune(TuneOptions(**few, run="there", cluster="ray"))
    tune(TuneOptions(**few, run="here", jobs=1))
    runs = [read_run(Path("runs", name)) for name in ("there", "here")]
    winners = [(run.folder / "winner.json").read_text() for run in runs]
    assert winners[0] == winners[1]
    studies = [open_study(run.folder, space_of(run.config.models["trial0"])) for run in runs]
    values = [finished(study)[0].value for study in studies]
    assert values[0] == values[1]


@pytest.fixture(scope="module")
def various(cluster, tmp_path_factory):
    """Results of one pool in which each model does something else; it ends without its actor."""
    starts = tmp_path_factory.mktemp("starts") / "dying"

    def various_fit(shared, recipe, task, actor):
        if task.model == "spy":
            files = [str(path) for path in Path.cwd().rglob("*") if path.is_file()]
            found = json.dumps({"environment": dict(os.environ), "files": files})
            return RemoteResult(Stopped("spied."), {"found.json": found.encode()})
        if task.model == "dying":
            with starts.open("a") as file:
                file.write(".")
            os.kill(os.getpid(), signal.SIGKILL)
        here = shared if task.model == "misfit" else replace(shared, versions={})
        return fit_remotely(here, recipe, task, actor)

    opened = start("various", dict.fromkeys(("spy", "dying", "misfit", "stopped"), CALM))
    tasks = {model: Task(model, 0, 0) for model in opened.run.config.models}
    results = SimpleNamespace()

    def use_pool() -> None:
        with open_ray_pool(opened, ONE_CPU, QUIET, various_fit) as pool:
            pool.stop(tasks["stopped"])
            futures = {model: pool.submit(task, CALM) for model, task in tasks.items()}
            results.misfit = futures.pop("misfit").exception(timeout=600)
            for model, future in futures.items():
                setattr(results, model, future.result(timeout=600))
            ray.kill(pool.report_actor)
            while True:  # until it is dead
                list(pool.reports())

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAGGLE_KEY", "hush")  # the nodes were started without it
        patch.setattr("kfold.parallel.ray_pool.installed_versions", lambda: {"numpy": "0.1"})
        with pytest.raises(UserError) as lost:
            use_pool()
    results.lost, results.starts = str(lost.value), starts.read_text()
    results.found = json.loads((opened.run.fold_folder(*tasks["spy"]) / "found.json").read_text())
    assert not opened.run.fold_folder(*tasks["stopped"]).exists()
    return results


def test_only_code_and_variables_of_threads_are_sent(various):
    environment, files = various.found["environment"], various.found["files"]
    assert environment["TF_NUM_INTRAOP_THREADS"] == "1"
    assert environment["CUDA_VISIBLE_DEVICES"] == "-1"
    assert "hush" not in str(environment)
    assert any(file.endswith("kfold/training/fit_fold.py") for file in files)
    assert {Path(file).suffix for file in files} - {".pyc"} == {".py"}  # made there


def test_a_training_whose_worker_always_dies_is_given_up(various):
    assert isinstance(various.dying, Failed)
    assert "attempts failed; the last one failed with WorkerCrashedE" in various.dying.reason
    assert len(various.starts) == ATTEMPTS == 3


def test_a_training_that_is_stopped_says_so(various):
    assert various.stopped == Stopped("stopped after epoch 1.")


def test_other_versions_on_a_node_are_refused(various):
    assert isinstance(various.misfit, UserError)
    assert "expected numpy 0.1 as here, found numpy " in str(various.misfit)
    assert "Install the same requirements" in str(various.misfit)


def test_a_lost_report_actor_ends_with_a_message(various):
    assert "the cluster was lost (ActorDiedError)" in various.lost


def test_a_training_whose_node_is_lost_waits_for_another_one(
    cluster, add_large_node, at_first_report, monkeypatch
):
    """The benchmark's trainings, which sleep, are trainings for the event loop of `make cv`."""
    large, console, count_nodes = add_large_node(), recorder(), RayPool.count_nodes
    waiting = []

    def add_node_when_lost(self):
        count_nodes(self)
        if "is left" in console.export_text(clear=False) and not waiting:
            waiting.append(add_large_node())

    monkeypatch.setattr(RayPool, "count_nodes", add_node_when_lost)
    lost = at_first_report(lambda: cluster.remove_node(large, allow_graceful=False))
    opened, fit = start_naps(Path("demo"), 1, Path("runs/naps")), nap(0.2, 1000, reports=2)
    cost = train_naps(opened, 1, fit, console, TrainingResources(cpus=2))
    printed = console.export_text()
    assert lost
    assert "No node with 2 CPUs and 0 GPUs is left: waiting for one." in printed
    assert "Trainings go on, 1 at a time." in printed
    assert printed.count("images/s") == FOLDS
    assert cost.seconds >= FOLDS * 0.2
    assert cost.cpu > 0
    assert cost.megabytes > 0


def test_ctrl_c_ends_the_trainings(at_first_report, use_fit):
    def hang(shared, recipe, task, actor):
        ray.get(actor.report.remote(EpochReport(task, 1, {"loss": 0.0})))
        time.sleep(600)

    use_fit(hang)
    opened = start("interrupted", {"calm": CALM})
    at_first_report(lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        trained(opened, resources=ONE_CPU)
    deadline = time.monotonic() + 60
    while workers("hang"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert not list(opened.run.folder.glob("calm/**/*.json"))


def test_a_command_that_is_killed_and_started_again_trains_nothing_twice(use_fit):
    command = [sys.executable, "-m", sleeping_run.__name__]
    first = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)})
    while not (done := list(sleeping_run.RUN.glob("nap/seed0/*/done.json"))):
        time.sleep(0.02)
        assert first.poll() is None
    first.kill()
    first.communicate()
    before = {path: path.stat().st_mtime_ns for path in done}
    use_fit(nap(0.0))
    opened = start_naps(Path("demo"), 1, sleeping_run.RUN)
    printed = trained(opened, resources=ONE_CPU)
    assert len(before) <= printed.count("finished before, skipped") < FOLDS
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert opened.run.finished_seeds("nap") == [0]


def without_python(environment):
    """An environment, see Ray's RAY_RUNTIME_ENV_HOOK, in which no worker ever starts."""
    return environment | {"py_executable": "sleep 600 #"}


def test_a_node_that_starts_no_worker_is_named(monkeypatch):
    monkeypatch.setenv("RAY_RUNTIME_ENV_HOOK", f"{__name__}.{without_python.__name__}")
    monkeypatch.setattr("kfold.parallel.ray_cluster._START_SECONDS", 1.0)
    with pytest.raises(UserError, match=r"a worker on every node, found none within 1 s on \S+\. "):
        trained(start("none", {"calm": CALM}), resources=ONE_CPU)


def test_a_training_that_fits_on_no_node_is_refused():
    with pytest.raises(UserError, match=r"a node with 3 CPUs and 0.5 GPUs.*none among 2"):
        trained(start("large", {"calm": CALM}), resources=TrainingResources(3, 0.5))
