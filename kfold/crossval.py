"""Train every model on every fold with every seed, skipping what is finished."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import AbstractContextManager
from itertools import islice

from rich.console import Console

from data.errors import UserError
from kfold.cluster import ClusterTrainers, start_cluster
from kfold.jobs import Phase, plan_phases
from kfold.need import Need
from kfold.progress import Trainings, clock
from kfold.run import Run
from kfold.workers import Failure, Outcome, Task, Trainers, start_trainers

_POLL = 0.2
"""Seconds between two looks at how the trainings get on."""


def cross_validate(
    run: Run,
    models: Sequence[str],
    seeds: int,
    console: Console,
    jobs: int | None = None,
    cluster: Need | None = None,
) -> None:
    """Fit `models` on every fold with seeds 0 to `seeds` - 1, in the folder of `run`.

    Worker processes train, here or on a cluster, with the run's data and folds. A model whose loss
    diverges is left out with a message; the others go on.

    Args:
        run: where the trainings are kept; finished ones are skipped. Its folds are dealt.
        models: names among those of the run's configuration.
        seeds: trainings of each model on each fold.
        console: where progress is shown.
        jobs: trainings at a time; None for as many as suit the machine (see `kfold.jobs`).
        cluster: what each training takes of a Ray cluster; None to train on this machine.

    Raises:
        UserError: every model diverged or failed, one had no row to train on, a worker process of
            this machine was killed, the data changed, or there is no such cluster.
    """
    tasks = [
        (model, seed, fold)
        for seed in range(seeds)
        for model in models
        for fold in range(run.config.folds)
    ]
    phases = [] if cluster else plan_phases(jobs, len(tasks))
    left = []
    for task in tasks:
        if run.summary(*task):
            console.print(f"{_label(task, run)}: finished before, skipped")
        elif run.diverged(*task[:2]):
            console.print(
                f"{_label(task, run)}: diverged before, left out "
                f"(MODELS={task[0]} FORCE=1 tries again)"
            )
        else:
            left.append(task)
    if left and phases:
        jobs, threads = phases[0].jobs, phases[0].threads
        console.print(f"Trainings at a time: {jobs} (JOBS=), threads of each: {threads}")
    schedule = _Schedule(run, left, console)
    with schedule.progress.shown():
        if cluster:
            schedule.train(left, cluster)
        ordered = iter(tasks)
        for phase in phases:
            schedule.train([t for t in islice(ordered, phase.trainings) if t in left], phase)
    if not run.finished_models:
        raise UserError(f"{run.folder}: no model is left: {', '.join(run.left_out)}.")


def start_at(
    place: Phase | Need, run: Run, trainings: int, console: Console
) -> AbstractContextManager[Trainers | ClusterTrainers]:
    """Start what trains for `run`: processes of this machine, or a cluster.

    Args:
        place: how trainings share this machine, or what each takes of a cluster.
        run: its folder gets the trainings; its folds are dealt.
        trainings: how many there will be at most.
        console: where it is said that nodes of a cluster are awaited.
    """
    if isinstance(place, Need):
        return start_cluster(run, place, console)
    return start_trainers(run, min(place.jobs, trainings), place.threads, place.augmenters)


class _Schedule:
    """Trainings that wait and trainings that run.

    Attributes:
        left_out: models and seeds that diverged or failed.
        progress: of all the trainings.
    """

    def __init__(self, run: Run, tasks: list[Task], console: Console) -> None:
        self.left_out: set[tuple[str, int]] = set()
        self.progress = Trainings(console, sum(_epochs(task, run) for task in tasks))
        self._run = run
        self._console = console
        self._waiting: list[Task] = []
        self._running: dict[Future[Outcome], Task] = {}

    def train(self, tasks: list[Task], place: Phase | Need) -> None:
        """Have trainings done, by processes of this machine or on a cluster."""
        if not tasks:
            return
        self._waiting = tasks[::-1]
        with start_at(place, self._run, len(tasks), self._console) as trainers:
            self._start(trainers)
            while self._running:
                finished, _ = wait(self._running, _POLL, FIRST_COMPLETED)
                for task, epoch, logs in trainers.reports():
                    self.progress.epoch(_label(task, self._run), epoch, logs)
                for future in finished:
                    self._end(self._running.pop(future), future.result())
                self._start(trainers)

    def _start(self, trainers: Trainers | ClusterTrainers) -> None:
        while self._waiting and len(self._running) < trainers.room():
            task = self._waiting.pop()
            if task[:2] in self.left_out:
                self.progress.skip(_epochs(task, self._run))
            else:
                self._running[trainers.submit(task, self._run.config.models[task[0]])] = task
                self.progress.start(_label(task, self._run), _epochs(task, self._run))

    def _end(self, task: Task, outcome: Outcome) -> None:
        model, seed, _ = task
        label = _label(task, self._run)
        self.progress.end(label)
        if isinstance(outcome, str):
            self.left_out.add((model, seed))
            self._run.leave_out(*task, outcome.rstrip("."), not isinstance(outcome, Failure))
            self.progress.say(f"{label}: {outcome} Seed {seed} of {model} is left out.")
        else:
            self.progress.say(
                f"{label}: RMSE {outcome['rmse']:.3f} over all labels "
                f"in {clock(outcome['seconds'])}, "
                f"{outcome['images_per_second']:.0f} images/s"
            )


def _epochs(task: Task, run: Run) -> int:
    return run.config.models[task[0]].epochs


def _label(task: Task, run: Run) -> str:
    model, seed, fold = task
    return f"{model}, seed {seed}, fold {fold + 1}/{run.config.folds}"
