"""Trainings on a cluster are those of this machine."""

import os
import sys
from pathlib import Path

import ray

from kfold.cluster import start_cluster
from kfold.config_file import read_config
from kfold.need import Need
from kfold.run import read_run
from kfold.study import finished, open_study
from kfold.tune import Options as Tune
from kfold.tune import main as search
from tests.kfold.cluster.trainings import CALM, QUIET, WILD, assert_same, begin, trained

# The workers cannot import this file.
ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])


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


def test_only_code_and_what_threads_need_travels(cluster, monkeypatch):
    """The nodes were started before, without the secret."""
    monkeypatch.setenv("KAGGLE_KEY", "hush")

    def look(*_):
        files = [str(path) for path in Path.cwd().rglob("*") if path.is_file()]
        return {"environment": dict(os.environ), "files": files}, {}

    with start_cluster(begin("secret", {"calm": CALM}), Need(), QUIET, look) as trainers:
        seen = trainers.submit(("calm", 0, 0), CALM).result(timeout=120)
    assert seen["environment"]["TF_NUM_INTRAOP_THREADS"] == "1"
    assert seen["environment"]["CUDA_VISIBLE_DEVICES"] == "-1"
    assert "hush" not in str(seen["environment"])
    assert any(file.endswith("kfold/fit.py") for file in seen["files"])
    assert {Path(file).suffix for file in seen["files"]} - {".pyc"} == {".py"}  # made there


def test_a_training_that_is_not_wanted_any_more_stops(cluster):
    run = begin("stopped", {"calm": CALM})
    with start_cluster(run, Need(), QUIET) as trainers:
        trainers.stop(("calm", 0, 0))
        future = trainers.submit(("calm", 0, 0), CALM)
        assert future.result(timeout=120) == "stopped after epoch 1."
    assert not run.fold_folder("calm", 0, 0).exists()
