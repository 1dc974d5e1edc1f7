"""Trainings of a few faces, on a cluster or without one."""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console

from data.reader import read_competition
from kfold.begin import deal_folds
from kfold.crossval import cross_validate
from kfold.need import Need
from kfold.recipe import Recipe
from kfold.run import Run, open_run
from kfold.run_config import RunConfig

CALM = Recipe("base_extended", epochs=4, policy="standard", batch_size=16)
WILD = replace(CALM, learning_rate=1e30)
NODE = {"num_cpus": 1, "num_gpus": 0, "object_store_memory": 80 << 20}
QUIET = Console(quiet=True)


def begin(name: str, models: dict[str, Recipe]) -> Run:
    """A run with its folds dealt."""
    competition = read_competition(Path("demo"))
    run = open_run(Path("runs", name), RunConfig("demo", competition.checksum, 2, 1, models))
    deal_folds(run, competition.train, QUIET)
    return run


def trained(run: Run, cluster: Need | None) -> str:
    """Train and return what was printed."""
    console = Console(record=True, width=200, file=io.StringIO(), soft_wrap=True)
    cross_validate(run, list(run.config.models), 1, console, cluster=cluster)
    return console.export_text()


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
