"""A pool of processes on this machine; only they import Keras's backend."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from augment.workers import start_workers
from data.system.atomic import remove_partial
from data.system.errors import CONTINUES, UserError
from kfold.config.recipe import Recipe
from kfold.parallel.outcomes import EpochReport, Outcome
from kfold.parallel.worker import train_task, worker_environment
from kfold.runs.open_run import OpenRun, open_run
from kfold.runs.run import Run
from kfold.runs.task import Task
from kfold.training.training_data import TrainingData, training_data

_STOP = "stop"
"""A file in the folder of a training that should stop."""


class LocalPool:
    """Processes on this machine, see `kfold.parallel.pool.Pool`.

    Attributes:
        executor: of the processes.
    """

    def __init__(self, executor: Executor, run: Run, reports: Any, count: int) -> None:
        self.executor = executor
        self._run = run
        self._reports = reports
        self._count = count
        self._last: Future[Outcome] | None = None

    def capacity(self) -> int:
        """Number of processes."""
        return self._count

    def submit(self, task: Task, recipe: Recipe) -> Future[Outcome]:
        """Train a task in the next free process."""
        self._last = self.executor.submit(_train, task, recipe)
        return self._last

    def reports(self) -> Iterator[EpochReport]:
        """Epochs since the last call; those of a training come before its outcome."""
        while not self._reports.empty():
            yield self._reports.get()

    def stop(self, task: Task) -> None:
        """Stop a training, which has reported an epoch, after its current one."""
        (self._run.fold_folder(*task) / _STOP).touch()

    def kill(self) -> None:
        """Kill the processes and wait for their end."""
        # joblib hangs if it is shut down between getting a task and starting it.
        while self._last and not (self._last.running() or self._last.done()):
            time.sleep(0.001)
        self.executor.shutdown(kill_workers=True)  # type: ignore[call-arg]


@contextmanager
def open_local_pool(
    opened: OpenRun, count: int, threads: int, augmenters: int
) -> Iterator[LocalPool]:
    """Start processes that train for a run; leaving the block kills them.

    Finished trainings are in the run's folder; interrupted ones leave no partial file there.

    Args:
        opened: the run.
        count: number of processes.
        threads: of the backend in each.
        augmenters: processes that augment for each; 0 augments between training steps.

    Raises:
        UserError: one of the processes was killed.
    """
    from joblib.externals.loky.backend import get_context
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    reports = get_context().SimpleQueue()
    with warnings.catch_warnings():
        # It warns when it replaces a process that has grown, and when `pgrep` is not installed.
        warnings.filterwarnings("ignore", module=r"joblib\.externals\.loky")
        worker = _Worker(opened.run, augmenters, reports)
        executor = start_workers(count, _prepare, (worker,), worker_environment(threads))
        pool = LocalPool(executor, opened.run, reports, count)
        try:
            yield pool
        except TerminatedWorkerError as error:
            raise UserError(
                f"a training process was killed, perhaps because memory ran out: {CONTINUES}. Pass "
                "JOBS=1 if memory is short."
            ) from error
        finally:
            pool.kill()
            remove_partial(opened.run.folder)


@dataclass(frozen=True)
class _Worker:
    """What one process keeps between its tasks."""

    run: Run
    augmenters: int
    reports: Any

    @cached_property
    def _data(self) -> TrainingData:
        # Read here: memory-mapped images would be copied on their way from the caller.
        return training_data(open_run(self.run))

    def train(self, task: Task, recipe: Recipe) -> Outcome:
        folder = self.run.fold_folder(*task)

        def report(epoch: EpochReport) -> bool:
            self.reports.put(epoch)
            return (folder / _STOP).exists()

        return train_task(recipe, self._data, task, folder, report, self.augmenters)


_worker: _Worker


def _prepare(worker: _Worker) -> None:
    global _worker
    _worker = worker


def _train(task: Task, recipe: Recipe) -> Outcome:
    return _worker.train(task, recipe)
