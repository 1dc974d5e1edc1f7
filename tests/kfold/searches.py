"""Searches with trainings that take no time: what a recipe reaches is a formula."""

import io
import math
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console

from data.atomic import write_json
from kfold.candidate import Budget
from kfold.predictions import Predictions
from kfold.presets import QUICK
from kfold.recipe import Recipe
from kfold.run import Run, open_run, read_folds, write_folds
from kfold.run_config import RunConfig
from kfold.search import Search
from kfold.shape import multiplications
from kfold.study import open_study
from tests.kfold.finished_run import random_competition

REFERENCE = replace(QUICK.models["heatmap"], epochs=9)
FOLDS = 3
DATA = random_competition()


def quality(recipe: Recipe) -> float:
    """The error in px that a recipe reaches; the best learning rate is not the reference's."""
    work = multiplications(recipe.shape) / multiplications(REFERENCE.shape)
    fits = 0.5 * abs(math.log(recipe.learning_rate / 4e-3)) + (recipe.loss == "mse")
    return 1 + fits + 0.1 * abs(math.log(work)) + recipe.ema


class Formula:
    """Trainers, as far as a search sees them, which write predictions that are `quality` off."""

    def __init__(
        self, run: Run, jobs: int, fault=lambda recipe: None, breaks_after: float = math.inf
    ):
        """`fault` says, of a recipe, why it cannot be trained: an outcome or what is raised."""
        self.run, self.jobs, self.fault, self.breaks_after = run, jobs, fault, breaks_after
        self.running: dict = {}
        self.stopped: list = []
        self.finished: list = []
        self.most = 0

    def room(self) -> int:
        return self.jobs

    def submit(self, task, recipe) -> Future:
        assert not self.run.summary(*task), "trained a second time"
        self.running[task] = [Future(), recipe, 0]
        self.most = max(self.most, len(self.running))
        return self.running[task][0]

    def stop(self, task) -> None:
        self.stopped.append(task)

    def reports(self):
        for task, training in list(self.running.items()):
            future, recipe, _ = training
            training[2] += 1
            self.breaks_after -= 1
            if self.breaks_after < 0:
                raise KeyboardInterrupt
            yield task, training[2], self._logs(recipe, training[2])
            outcome = self._outcome(task, recipe, training[2])
            if outcome is not None:
                del self.running[task]
                raised = isinstance(outcome, BaseException)
                (future.set_exception if raised else future.set_result)(outcome)

    def _logs(self, recipe, epoch) -> dict[str, float]:
        score = {"val_rmse": 9.0, "val_trusted_rmse": quality(recipe) + 1 / epoch}
        # Small images are scored as if they were better, which nobody must be misled by.
        coarse = {"val_rmse": 9.0, "val_trusted_rmse": 0.01 * quality(recipe)}
        small = epoch <= round(recipe.epochs * recipe.coarse)
        shown = coarse if small else score
        return {
            "loss": 1.0,
            "size": 64 if small else 96,
            **(shown if epoch % 2 == 0 or epoch == recipe.epochs else {}),
        }

    def _outcome(self, task, recipe, epoch):
        if (fault := self.fault(recipe)) is not None:
            return fault
        if task in self.stopped and epoch < recipe.epochs:
            return f"stopped after epoch {epoch}."
        if epoch < recipe.epochs:
            return None
        self.finished.append(task)
        folder = self.run.fold_folder(*task)
        folder.mkdir(parents=True)
        rows = np.flatnonzero(read_folds(self.run) == task[2])
        oof = np.nan_to_num(DATA.train.keypoints[rows], nan=40) + quality(recipe)
        Predictions(rows, oof[None], DATA.test.keypoints[None]).write(folder)
        summary = {"rmse": quality(recipe), "seconds": 60.0}
        write_json(folder / "done.json", summary)
        return summary


def begin(folder: Path) -> Run:
    config = RunConfig("nowhere", DATA.checksum, FOLDS, 1, {"trial0": REFERENCE})
    run = open_run(folder, config)
    if read_folds(run) is None:
        groups = np.arange(len(DATA.train))
        write_folds(run, DATA.train, groups, groups % FOLDS)
    return run


def search(
    folder: Path,
    trials: int | None,
    minutes: float | None = None,
    jobs: int = 1,
    on_finish=lambda: None,
    **how,
):
    """Search in a folder; the study, the trainers, and what was printed."""
    run = begin(folder)
    study = open_study(folder, REFERENCE)
    console = Console(record=True, width=200, file=io.StringIO())
    trainers = Formula(run, jobs, **how)
    one = Search(run, study, REFERENCE, DATA.train, Budget(trials, minutes), console, on_finish)
    one.train(trainers)
    return study, trainers, console.export_text()
