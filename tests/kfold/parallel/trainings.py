"""Trainings of tiny networks on few faces, on a cluster or without one."""

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console

from data.reader import read_competition
from kfold.config.code_file import CodeFile
from kfold.config.cv_config import CVConfig
from kfold.config.presets import Preset
from kfold.config.recipe import Recipe
from kfold.custom.load import load
from kfold.parallel.crossval import train_models
from kfold.parallel.resources import TrainingResources
from kfold.runs.open_run import OpenRun
from kfold.runs.run import Run
from kfold.runs.start import start_run
from tests.kfold.custom.idea import code_file
from tests.tiny_run import TINY

TINIEST = replace(TINY, dropout=0.0, annotator_heads=False, axis_offset=False)
"""A network that TensorFlow traces fast, which takes longer than to train it."""

CALM = Recipe("regression", epochs=2, policy="standard", batch_size=16, architecture=TINIEST)
WILD = replace(CALM, learning_rate=1e30)
_CODE = (
    "from kfold.custom import network",
    "@network",
    "def broken(inputs):",
    "    raise KeyError('none')",
)
BROKEN = replace(CALM, network="broken", code=CodeFile("broken.py", _CODE))
"""A recipe that fails, as with any error that a backend raises."""
OWN = load(code_file()).models["mine"]
OWN = replace(OWN, code=code_file(), batch_size=16)
"""A recipe whose network, loss, augmentation and optimizer are a user's."""

QUIET = Console(quiet=True)


def start(name: str, models: dict[str, Recipe]) -> OpenRun:
    """Start a run of two folds in runs/, on the faces in demo/."""
    data = Path("demo")
    config = CVConfig(data, Preset(models, folds=2))
    return start_run(config, read_competition(data), Path("runs", name), QUIET)


def recorder() -> Console:
    """A console whose output is only recorded."""
    return Console(record=True, width=200, file=io.StringIO(), soft_wrap=True)


def trained(
    opened: OpenRun,
    models: Sequence[str] = (),
    jobs: int | None = None,
    resources: TrainingResources | None = None,
) -> str:
    """Train models of a run, all by default, and return what was printed."""
    console = recorder()
    train_models(opened, models or list(opened.run.config.models), 1, console, jobs, resources)
    return console.export_text()


def assert_same(run: Run, model: str, other: Run, other_model: str) -> None:
    """Assert that two models are the same to the last digit."""
    for fold in range(2):
        ours, theirs = run.fold_folder(model, 0, fold), other.fold_folder(other_model, 0, fold)
        assert {path.name for path in ours.iterdir()} == {path.name for path in theirs.iterdir()}
        history = [json.loads((folder / "history.json").read_text()) for folder in (ours, theirs)]
        assert history[0] == history[1]
        rmse = [run.summary(model, 0, fold).rmse, other.summary(other_model, 0, fold).rmse]
        assert rmse[0] == rmse[1]
        with np.load(ours / "predictions.npz") as one, np.load(theirs / "predictions.npz") as two:
            assert set(one) == set(two)
            for name in one:
                np.testing.assert_array_equal(one[name], two[name])
