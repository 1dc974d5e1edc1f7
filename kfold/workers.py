"""Processes that train: each has a TensorFlow of its own, the caller none."""

from __future__ import annotations

import shutil
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np

from augment.workers import start_workers
from data.atomic import remove_partial
from data.corrections import read_corrections
from data.errors import CONTINUES, UserError
from data.reader import Competition
from kfold.recipe import Recipe
from kfold.run import Run, open_data
from kfold.run_config import CORRECTIONS

Task = tuple[str, int, int]
"""One training: model, seed, fold."""

Report = tuple[Task, int, dict[str, float]]
"""A training's epoch, counted from 1, with its losses and scores."""

Outcome = dict[str, Any] | str
"""The summary of a finished training (see `kfold.fit`), or why there is none: how its loss
diverged, with what it failed, or that it was stopped."""


class Failure(str):
    """An outcome that another try may better: not the recipe's doing, as divergence is."""


_STOP = "stop"
"""A file in the folder of a training that is asked to end."""


class Trainers:
    """Processes that train what they are given, one task at a time each."""

    def __init__(self, pool: Executor, run: Run, reports: Any, count: int) -> None:
        self._pool = pool
        self._run = run
        self._reports = reports
        self._count = count
        self._last: Future[Outcome] | None = None

    def room(self) -> int:
        """How many trainings run at once."""
        return self._count

    def submit(self, task: Task, recipe: Recipe) -> Future[Outcome]:
        """Have `task` trained by the next process that is free."""
        self._last = self._pool.submit(_train, task, recipe)
        return self._last

    def reports(self) -> Iterator[Report]:
        """The epochs since the last call; those of a training come before its outcome."""
        while not self._reports.empty():
            yield self._reports.get()

    def stop(self, task: Task) -> None:
        """Have a training that has told of an epoch end after the one it is in, and keep nothing.

        Its outcome then says so, unless that was its last.
        """
        (self._run.fold_folder(*task) / _STOP).touch()

    def kill(self) -> None:
        """Kill the processes and wait for their end."""
        # joblib stumbles if it is stopped between being given a task and taking it up.
        while self._last and not (self._last.running() or self._last.done()):
            time.sleep(0.001)
        self._pool.shutdown(kill_workers=True)  # type: ignore[call-arg]


@contextmanager
def start_trainers(run: Run, count: int, threads: int, augmenters: int) -> Iterator[Trainers]:
    """Start processes that train for `run`, for as long as the block runs.

    However the block ends, they are killed: what they have finished is in the run's folder, and
    what they have not is trained again.

    Args:
        run: its folder holds the folds and gets the trainings.
        count: of the processes.
        threads: of TensorFlow in each.
        augmenters: processes that augment for each; 0 to have it done in between.

    Raises:
        UserError: one of them was killed.
    """
    from joblib.externals.loky.backend import get_context
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    reports = get_context().SimpleQueue()
    with warnings.catch_warnings():
        # It warns when it replaces a process that has grown, and when `pgrep` is not installed.
        warnings.filterwarnings("ignore", module=r"joblib\.externals\.loky")
        first = run, augmenters, reports
        pool = start_workers(count, _prepare, first, environment(threads))
        trainers = Trainers(pool, run, reports, count)
        try:
            yield trainers
        except TerminatedWorkerError as error:
            raise UserError(
                f"a training process was killed, perhaps because memory ran out: {CONTINUES}. Pass "
                "JOBS=1 if memory is short."
            ) from error
        finally:
            trainers.kill()
            remove_partial(run.folder)


def environment(threads: int) -> dict[str, str]:
    """What to set for a process before Keras's backend is imported there.

    It takes so many threads, and of a GPU only the memory that it needs, as others may share it.
    """
    names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
    shared = {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    return dict.fromkeys(names, str(threads)) | shared


def training_data(run: Run) -> tuple[Competition, np.ndarray, np.ndarray | None]:
    """The data of `run`, the fold of every training row, int64 (N,), and the corrected labels.

    Raises:
        UserError: the data are not those that the run was made with.
    """
    data, folds = open_data(run)
    if not run.config.corrections:
        return data, folds, None
    corrected, _ = read_corrections(run.folder / CORRECTIONS, data.train)
    return data, folds, corrected.keypoints


class _Trainer:
    """What one process keeps between its tasks."""

    def __init__(self, run: Run, augmenters: int, reports: Any) -> None:
        self._run = run
        self._augmenters = augmenters
        self._reports = reports

    @cached_property
    def _data(self) -> tuple[Competition, np.ndarray, np.ndarray | None]:
        # Read here, since memory-mapped images would be copied on their way from the caller.
        return training_data(self._run)

    def train(self, task: Task, recipe: Recipe) -> Outcome:
        data, folds, corrected = self._data  # first, since it takes no time to fail
        from kfold.fit import fit_fold  # imports TensorFlow
        from kfold.training import DivergedError, StoppedError

        _, seed, fold = task
        folder = self._run.fold_folder(*task)

        def on_epoch(epoch: int, logs: dict[str, float]) -> None:
            self._reports.put((task, epoch, logs))
            if (folder / _STOP).exists():
                raise StoppedError(f"stopped after epoch {epoch}.")

        try:
            return fit_fold(
                recipe,
                data.train,
                data.test,
                folds,
                fold,
                seed,
                folder,
                on_epoch,
                self._augmenters,
                corrected,
            )
        except DivergedError as error:
            return str(error)  # the exception itself would need TensorFlow where it arrives
        except StoppedError as stop:
            shutil.rmtree(folder)
            return str(stop)
        except (UserError, OSError):
            raise
        except Exception as error:  # what the backend or a model runs into; others may do better
            why = str(error).strip().partition("\n")[0]
            return Failure(f"failed with {type(error).__name__}: {why}")


_trainer: _Trainer


def _prepare(run: Run, augmenters: int, reports: Any) -> None:
    global _trainer
    _trainer = _Trainer(run, augmenters, reports)


def _train(task: Task, recipe: Recipe) -> Outcome:
    return _trainer.train(task, recipe)
