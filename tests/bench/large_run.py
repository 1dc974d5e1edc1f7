"""Report and submission of a run with made-up predictions: `... large_run DATA MODELS SEEDS FOLDS`.

Predictions are the labels with noise, a part of which all networks share, as they do in truth.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil

from data.reader import read_competition
from data.system.atomic import write_json
from kfold.config.presets import PRESETS
from kfold.folds.assignment import assign_folds
from kfold.runs.fold_table import write_folds
from kfold.runs.predictions import Predictions
from kfold.runs.run_config import RunConfig
from kfold.runs.start import configure_run
from kfold.runs.task import TrainingSummary
from kfold.runs.training_files import HISTORY
from kfold.training.tta import TTA
from tests.bench.memory import ROOT, total_memory

INTERVAL = 0.1
"""Seconds between two measurements of memory."""

RUN = "large"
EPOCHS = 30


def write_run(data_folder: Path, runs: Path, models: int, seeds: int, folds: int) -> None:
    """Write the files of all trainings of the standard preset's `heatmap` under other names."""
    data, rng = read_competition(data_folder), np.random.default_rng(0)
    recipe = replace(PRESETS["standard"].models["heatmap"], epochs=EPOCHS)
    recipes = {f"model{number:02}": recipe for number in range(models)}
    config = RunConfig(f"{data_folder}", data.checksum, folds, seeds, recipes)
    run = configure_run(runs / RUN, config)
    rows = np.arange(len(data.train))
    assigned = assign_folds(rows, data.train.annotator, folds)
    write_folds(run.folder, data.train, groups=rows, folds=assigned)
    truth = np.nan_to_num(data.train.keypoints, nan=48) + rng.normal(0, 0.9, (len(rows), 15, 2))
    views = len(TTA[recipe.tta])
    curve = [*np.geomspace(20, 1, EPOCHS)]
    history = dict.fromkeys(("loss", "rmse", "capped_rmse", "val_loss", "val_capped_rmse"), curve)
    for model in recipes:
        for seed in range(seeds):
            for fold in range(folds):
                folder = run.fold_folder(model, seed, fold)
                folder.mkdir(parents=True)
                held_out = np.flatnonzero(assigned == fold)
                noise = rng.normal(0, 0.3, (views, len(held_out), 15, 2))
                oof = (truth[held_out] + noise).astype(np.float32)
                test = rng.normal(48, 9, (views, len(data.test), 15, 2)).astype(np.float32)
                Predictions(held_out, oof, test).write(folder)
                write_json(folder / HISTORY, history | {"val_epoch": [*range(1, EPOCHS + 1)]})
                TrainingSummary(1.2, EPOCHS, 300.0, 300.0, 0.03, 840_000).write(folder)


def measure(scratch: str, module: str, *options: str) -> dict[str, float]:
    """Seconds and peak megabytes of a command."""
    command = [sys.executable, "-m", module, *options]
    environment = os.environ | {"PYTHONPATH": f"{ROOT}"}
    start, peak = time.perf_counter(), 0
    with Path(scratch, "log.txt").open("w") as log:
        process = psutil.Popen(command, cwd=scratch, env=environment, stdout=log, stderr=log)
        while process.poll() is None:
            peak = max(peak, total_memory(process))
            time.sleep(INTERVAL)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {Path(scratch, 'log.txt').read_text()}")
    return {"seconds": time.perf_counter() - start, "megabytes": peak / 1e6}


def main() -> None:
    """Print seconds and megabytes of each command, and the size of the page."""
    data, (models, seeds, folds) = Path(sys.argv[1]).resolve(), map(int, sys.argv[2:5])
    with tempfile.TemporaryDirectory() as scratch:
        read_competition(data, Path(scratch, "data", "cache"))
        write_run(data, Path(scratch, "runs"), models, seeds, folds)
        figures: dict[str, float] = {}
        for name, module, options in (
            ("report", "kfold.report", ()),
            ("report again", "kfold.report", ()),
            ("submit", "submit.submit", ("--dry",)),
        ):
            measured = measure(scratch, module, "--run", RUN, *options)
            figures |= {f"{name}, {unit}": figure for unit, figure in measured.items()}
        page = Path(scratch, "runs", RUN, "leaderboard.html")
        figures["page, megabytes"] = page.stat().st_size / 1e6
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
