"""The event loop that cross-validation and search share."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from typing import Protocol

from kfold.config.recipe import Recipe
from kfold.parallel.outcomes import EpochReport, Outcome
from kfold.parallel.pool import Pool
from kfold.runs.task import Task

POLL_SECONDS = 0.2
"""Time between two checks for reports of running trainings."""


class Scheduler(Protocol):
    """Chooses the next training, and reacts to reports and outcomes."""

    def next_task(self) -> tuple[Task, Recipe] | None:
        """The next training to start; None if there is none at the moment."""

    def on_report(self, report: EpochReport) -> bool:
        """React to an epoch; True stops the training."""

    def on_outcome(self, task: Task, outcome: Outcome) -> None:
        """React to the end of a training."""

    def on_crash(self, running: Sequence[Task]) -> None:
        """React to a killed worker; any of the running trainings may be the cause."""


def run_trainings(pool: Pool, scheduler: Scheduler, poll_seconds: float = POLL_SECONDS) -> None:
    """Train until the scheduler has no task left, as many at once as the pool has capacity for.

    Args:
        pool: trains.
        scheduler: chooses what is trained.
        poll_seconds: time between two checks for reports.

    Raises:
        BrokenExecutor: a worker process was killed; the scheduler's `on_crash` was called.
    """
    running: dict[Future[Outcome], Task] = {}
    _start_tasks(pool, scheduler, running)
    while running:
        done, _ = wait(running, poll_seconds, FIRST_COMPLETED)
        for report in pool.reports():
            if scheduler.on_report(report):
                pool.stop(report.task)
        for future in done:
            try:
                outcome = future.result()
            except BrokenExecutor:
                scheduler.on_crash(list(running.values()))
                raise
            scheduler.on_outcome(running.pop(future), outcome)
        _start_tasks(pool, scheduler, running)


def _start_tasks(pool: Pool, scheduler: Scheduler, running: dict[Future[Outcome], Task]) -> None:
    while len(running) < pool.capacity() and (next_task := scheduler.next_task()):
        task, recipe = next_task
        running[pool.submit(task, recipe)] = task
