"""Pools of workers that train: one contract for local processes and a Ray cluster."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Protocol

from rich.console import Console

from kfold.config.recipe import Recipe
from kfold.parallel.jobs import Phase
from kfold.parallel.local_pool import open_local_pool
from kfold.parallel.outcomes import EpochReport, Outcome
from kfold.parallel.ray_pool import open_ray_pool
from kfold.parallel.resources import TrainingResources
from kfold.runs.open_run import OpenRun
from kfold.runs.task import Task


class Pool(Protocol):
    """Workers that train one task at a time each."""

    def capacity(self) -> int:
        """Number of trainings that run at once, now; at least 1."""

    def submit(self, task: Task, recipe: Recipe) -> Future[Outcome]:
        """Train a task on the next free worker; its files are in the run's folder afterwards."""

    def reports(self) -> Iterator[EpochReport]:
        """Epochs since the last call; those of a training come before its outcome."""

    def stop(self, task: Task) -> None:
        """Stop a training, which has reported an epoch, after its current one.

        None of its files are kept, unless it has reported its last epoch.
        """


def open_pool(
    workers: Phase | TrainingResources, opened: OpenRun, trainings: int, console: Console
) -> AbstractContextManager[Pool]:
    """Start workers for a run; leaving the block ends them.

    Args:
        workers: how trainings share this machine, or what each takes of a cluster.
        opened: the run; its folder gets the trainings.
        trainings: the largest number of them.
        console: where a cluster's pool says that it waits for nodes.

    Raises:
        UserError: a local worker was killed, or the cluster cannot be used.
    """
    if isinstance(workers, TrainingResources):
        return open_ray_pool(opened, workers, console)
    jobs = min(workers.jobs, trainings)
    return open_local_pool(opened, jobs, workers.threads, workers.augmenters)
