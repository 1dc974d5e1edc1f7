"""Train every model on every fold with every seed, skipping what is finished."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait

import numpy as np
from rich.console import Console

from data.errors import UserError
from data.faces import Faces
from kfold.folds import deal_groups
from kfold.groups import person_groups
from kfold.jobs import choose_jobs
from kfold.progress import Trainings, clock
from kfold.run import Run, read_folds, write_folds
from kfold.workers import Outcome, Task, Trainers, start_trainers

_POLL = 0.2
"""Seconds between two looks at how the trainings get on."""


def deal_folds(run: Run, faces: Faces, console: Console) -> np.ndarray:
    """The fold of every training row, int64 (N,): dealt once, then read from the run.

    Raises:
        UserError: the faces do not allow so many folds.
    """
    folds = read_folds(run)
    if folds is None:
        groups = person_groups(faces)
        folds = deal_groups(groups.labels, faces.annotator, run.config.folds)
        write_folds(run, faces, groups.labels, folds)
        console.print(f"{groups} faces; no group crosses folds")
    return folds


def cross_validate(
    run: Run, models: Sequence[str], seeds: int, console: Console, jobs: int | None = None
) -> None:
    """Fit `models` on every fold with seeds 0 to `seeds` - 1, in the folder of `run`.

    Worker processes train; they read the data and the folds from where the run has them. A model
    whose loss diverges is left out with a message; the others go on.

    Args:
        run: where the trainings are kept; finished ones are skipped. Its folds are dealt.
        models: names among those of the run's configuration.
        seeds: trainings of each model on each fold.
        console: where progress is shown.
        jobs: trainings at a time; None for as many as suit the machine (see `kfold.jobs`).

    Raises:
        UserError: every model diverged, one had no row to train on, a worker process was killed,
            the data changed, or fewer than 1 job was asked for.
    """
    tasks = [
        (model, seed, fold)
        for seed in range(seeds)
        for model in models
        for fold in range(run.config.folds)
    ]
    jobs, threads = choose_jobs(jobs, len(tasks))
    left = [task for task in tasks if not run.summary(*task)]
    for task in tasks:
        if task not in left:
            console.print(f"{_label(task, run)}: finished before, skipped")
    if not left:
        return
    schedule = _Schedule(run, left, console)
    # Side by side, the trainings themselves fill the cores; a lone one leaves some to augment.
    with start_trainers(run, min(jobs, len(left)), threads, int(jobs == 1)) as trainers:
        schedule.train(trainers, jobs)
    if schedule.diverged and not any(run.finished_seeds(model) for model in run.config.models):
        names = sorted({model for model, _ in schedule.diverged})
        raise UserError(f"no model is left: {', '.join(names)} diverged.")


class _Schedule:
    """Trainings that wait and trainings that run.

    Attributes:
        diverged: models and seeds that are left out.
    """

    def __init__(self, run: Run, tasks: list[Task], console: Console) -> None:
        self.diverged: set[tuple[str, int]] = set()
        self._run = run
        self._waiting = list(reversed(tasks))
        self._running: dict[Future[Outcome], Task] = {}
        self._progress = Trainings(console, sum(self._epochs(task) for task in tasks))

    def train(self, trainers: Trainers, jobs: int) -> None:
        """Have the trainings done, `jobs` at a time."""
        with self._progress.shown():
            self._start(trainers, jobs)
            while self._running:
                finished, _ = wait(self._running, _POLL, FIRST_COMPLETED)
                for task, epoch, logs in trainers.reports():
                    self._progress.epoch(_label(task, self._run), epoch, logs)
                for future in finished:
                    self._end(self._running.pop(future), future.result())
                self._start(trainers, jobs)

    def _start(self, trainers: Trainers, jobs: int) -> None:
        while self._waiting and len(self._running) < jobs:
            task = self._waiting.pop()
            if task[:2] in self.diverged:
                self._progress.skip(self._epochs(task))
            else:
                self._running[trainers.submit(task)] = task
                self._progress.start(_label(task, self._run), self._epochs(task))

    def _end(self, task: Task, outcome: Outcome) -> None:
        model, seed, _ = task
        label = _label(task, self._run)
        self._progress.end(label)
        if isinstance(outcome, str):
            self.diverged.add((model, seed))
            self._progress.say(f"{label}: {outcome} Seed {seed} of {model} is left out.")
        else:
            self._progress.say(
                f"{label}: RMSE {outcome['rmse']:.3f} in {clock(outcome['seconds'])}, "
                f"{outcome['images_per_second']:.0f} images/s"
            )

    def _epochs(self, task: Task) -> int:
        return self._run.config.models[task[0]].epochs


def _label(task: Task, run: Run) -> str:
    model, seed, fold = task
    return f"{model}, seed {seed}, fold {fold + 1}/{run.config.folds}"
