"""Searches without trainings: a formula says what a recipe reaches."""

import io
import math
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from rich.console import Console

from kfold.config.arithmetic import multiply_adds
from kfold.config.presets import ABLATION
from kfold.config.recipe import VIEWS, Recipe
from kfold.parallel.event_loop import run_trainings
from kfold.parallel.outcomes import EpochReport, Finished, Stopped
from kfold.runs.fold_table import read_folds, write_folds
from kfold.runs.open_run import OpenRun, open_run
from kfold.runs.predictions import Predictions
from kfold.runs.run_config import RunConfig
from kfold.runs.start import configure_run
from kfold.runs.task import Task, TrainingSummary
from kfold.search.search import Search
from kfold.search.space import Space, space_of
from kfold.search.study import open_study
from kfold.search.trial import Budget
from tests.kfold.finished_run import random_competition, write_training

REFERENCE = ABLATION.models["full"]
SPACE = space_of(REFERENCE)
FOLDS = 3
DATA = random_competition()


def quality(recipe: Recipe) -> float:
    """The error in px that a recipe reaches; the best learning rate is not the reference's."""
    cost = multiply_adds(replace(recipe, network="heatmap")) / multiply_adds(REFERENCE)
    distance = 0.5 * abs(math.log(recipe.learning_rate / 4e-3)) + (recipe.loss == "mse")
    return 1 + distance + 0.1 * abs(math.log(cost)) + abs(recipe.options.get("power", 1.0) - 1.5)


@dataclass
class _Training:
    """A training that runs: a future of its outcome, its recipe, and the epochs done."""

    future: Future
    recipe: Recipe
    epoch: int = 0


class FormulaPool:
    """A pool (see `kfold.parallel.pool.Pool`) whose predictions are off by `quality`.

    Attributes:
        stopped: trainings that were asked to stop.
        finished: trainings that were finished.
        most: largest number of trainings at once.
    """

    def __init__(
        self, opened: OpenRun, jobs: int, fault=lambda recipe: None, breaks_after: float = math.inf
    ):
        """Args: `fault` returns a recipe's outcome, or what it raises, instead of a score;
        `breaks_after` so many epochs of all trainings, Ctrl-C is pressed.
        """
        self.opened, self.jobs, self.fault, self.breaks_after = opened, jobs, fault, breaks_after
        self.running: dict[Task, _Training] = {}
        self.stopped: list[Task] = []
        self.finished: list[Task] = []
        self.most = 0

    def capacity(self) -> int:
        return self.jobs

    def submit(self, task: Task, recipe: Recipe) -> Future:
        assert not self.opened.run.summary(*task), "trained a second time"
        self.running[task] = _Training(Future(), recipe)
        self.most = max(self.most, len(self.running))
        return self.running[task].future

    def stop(self, task: Task) -> None:
        self.stopped.append(task)

    def reports(self):
        for task, training in list(self.running.items()):
            training.epoch += 1
            self.breaks_after -= 1
            if self.breaks_after < 0:
                raise KeyboardInterrupt
            yield EpochReport(task, training.epoch, _logs(training.recipe, training.epoch))
            outcome = self._outcome(task, training.recipe, training.epoch)
            if isinstance(outcome, BaseException):
                self.running.pop(task).future.set_exception(outcome)
            elif outcome is not None:
                self.running.pop(task).future.set_result(outcome)

    def _outcome(self, task: Task, recipe: Recipe, epoch: int) -> Any:
        if (fault := self.fault(recipe)) is not None:
            return fault
        if epoch == recipe.epochs:
            self.finished.append(task)
            return Finished(self._finish(task, recipe))
        return Stopped(f"stopped after epoch {epoch}.") if task in self.stopped else None

    def _finish(self, task: Task, recipe: Recipe) -> TrainingSummary:
        folder = self.opened.run.fold_folder(*task)
        rows = np.flatnonzero(self.opened.folds == task.fold)
        oof = np.nan_to_num(DATA.train.keypoints[rows], nan=40) + quality(recipe)
        views = VIEWS[recipe.tta]
        predictions = Predictions(
            rows, np.stack([oof] * views), np.stack([DATA.test.keypoints] * views)
        )
        summary = TrainingSummary(quality(recipe), recipe.epochs, 60.0, images_per_second=1.0)
        write_training(folder, predictions, summary)
        return summary


def _logs(recipe: Recipe, epoch: int) -> dict[str, float]:
    low_res = epoch <= round(recipe.epochs * recipe.low_res_share)
    logs = {"loss": 1.0, "size": 64 if low_res else 96}
    if epoch % 2 and epoch < recipe.epochs:
        return logs
    # Low resolution seems better than it is, which must mislead nobody.
    score = 0.01 * quality(recipe) if low_res else quality(recipe) + 1 / epoch
    return logs | {"val_rmse": 9.0, "val_capped_rmse": score}


def start(folder: Path, space: Space = SPACE) -> OpenRun:
    """Start or resume the run of a search."""
    config = RunConfig("nowhere", DATA.checksum, FOLDS, 1, {"trial0": space.reference})
    run = configure_run(folder, config)
    if read_folds(folder) is None:
        groups = np.arange(len(DATA.train))
        write_folds(folder, DATA.train, groups, groups % FOLDS)
    return open_run(run, DATA)


def search(
    folder: Path,
    trials: int | None,
    minutes: float | None = None,
    jobs: int = 1,
    on_finish=lambda: None,
    space: Space = SPACE,
    **faults,
):
    """Search in a folder; returns the study, the pool, and what was printed."""
    opened = start(folder, space)
    study = open_study(folder, space)
    console = Console(record=True, width=200, file=io.StringIO())
    pool = FormulaPool(opened, jobs, **faults)
    scheduler = Search(opened, study, space, Budget(trials, minutes), console, on_finish)
    with patch("os.fsync"):  # Optuna's journal calls it at every step
        run_trainings(pool, scheduler, poll_seconds=0.0)
    return study, pool, console.export_text()
