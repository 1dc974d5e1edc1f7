"""Small real runs: a tiny network, trained in this process instead of in a pool."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console

from data.reader import read_competition
from kfold.config.architecture import Architecture
from kfold.config.cv_config import CVConfig
from kfold.config.presets import DEMO, Preset
from kfold.runs.open_run import OpenRun
from kfold.runs.start import start_run

TINY = Architecture(
    stem_width=8, stage_widths=(8, 8, 16), stage_blocks=(1, 1, 1), decoder_width=8, batch_norm=False
)


def tiny_preset(epochs: int, folds: int, network: str = "heatmap") -> Preset:
    """One model `tiny`: the demo's recipe with a network that TensorFlow traces in a few seconds.

    Args:
        epochs: passes over the training rows.
        folds: how many folds.
        network: 'regression' takes half the time of 'heatmap'.
    """
    recipe = replace(
        DEMO.models["heatmap"],
        network=network,
        epochs=epochs,
        policy="flip",
        optimizer="adam",
        learning_rate=1e-3,
        precision="float32",
        architecture=TINY,
    )
    return Preset({"tiny": recipe}, folds)


def train_run(folder: Path, data: Path, preset: Preset) -> OpenRun:
    """Train all models of `preset` as `make cv` does, but write no leaderboard."""
    from kfold.training.fit_fold import fit_fold
    from kfold.training.training_data import training_data

    console = Console(file=io.StringIO())
    opened = start_run(CVConfig(data, preset), read_competition(data), folder, console)
    shared = training_data(opened)
    for model, recipe in preset.models.items():
        for seed in range(preset.seeds):
            for fold in range(preset.folds):
                fit_fold(recipe, shared, fold, seed, opened.run.fold_folder(model, seed, fold))
    return opened


def write_config(path: Path, preset: Preset) -> None:
    """Write a preset as a file that `make cv CONFIG=` reads."""
    path.write_text(json.dumps(asdict(preset)))
