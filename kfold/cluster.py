"""Trainings on the nodes of a Ray cluster, in place of processes on this machine."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
from rich.console import Console

from data.atomic import remove_partial
from data.errors import CONTINUES, UserError
from data.faces import Faces
from kfold.join import joined_cluster
from kfold.need import Need
from kfold.recipe import Recipe
from kfold.remote import Board, Files, Fit, Shared, fit_remotely, write_files
from kfold.run import Run
from kfold.versions import installed_versions
from kfold.workers import Failure, Outcome, Report, Task, environment, training_data

TRIES = 3
"""How often a training is begun before it is given up; a lost worker or node ends one."""

_MOST = 4096  # trainings in flight, a waiting thread each
_LOOK = 1.0  # seconds between two looks at which nodes there are


class ClusterTrainers:
    """Nodes that train what they are given: what `kfold.workers.Trainers` is on one machine."""

    def __init__(self, run: Run, need: Need, console: Console, fit: Fit) -> None:
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self._ray = ray
        self._run = run
        self._need = need
        self._console = console
        self._shared = ray.put(_shared(run))
        # Ray would try again by itself, but without end where memory is short.
        self._fit = ray.remote(num_cpus=need.cpus, num_gpus=need.gpus, max_retries=0)(fit)
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        board: Any = ray.remote(Board)
        self._board = board.options(num_cpus=0, scheduling_strategy=here).remote()
        self._waiting = ThreadPoolExecutor(_MOST)
        self._lock = threading.Lock()
        self._pending: set[Any] | None = set()  # None once killed
        self._room = 1
        self._looked = -_LOOK

    def room(self) -> int:
        """How many trainings the nodes that are there now take at once; 1, to wait, if none."""
        if time.monotonic() >= self._looked + _LOOK:
            self._look()
        return max(1, self._room)

    def _look(self) -> None:
        """See which nodes there are, and say so where there are none or are some again."""
        room = sum(map(self._need.room, resources(self._ray)))
        if self._room and not room:
            self._console.print(
                f"No node with {self._need} is left: waiting for one. Ctrl-C ends the command; "
                "what is finished is kept."
            )
        if room and not self._room:
            self._console.print(f"Trainings go on, {room} at a time.")
        self._room, self._looked = room, time.monotonic()

    def submit(self, task: Task, recipe: Recipe) -> Future[Outcome]:
        """Have `task` trained by a node that has room; its files are in the run's folder after."""
        return self._waiting.submit(self._train, task, recipe)

    def reports(self) -> Iterator[Report]:
        """The epochs since the last call; those of a training come before its outcome."""
        yield from self._ray.get(self._board.take.remote())

    def stop(self, task: Task) -> None:
        """Have a training end after the epoch it is in; its outcome then says so."""
        self._board.stop.remote(task)

    def kill(self) -> None:
        """End all trainings."""
        with self._lock:
            pending, self._pending = self._pending or (), None
        for reference in pending:
            self._ray.cancel(reference, force=True)
        self._waiting.shutdown(cancel_futures=True)

    def _train(self, task: Task, recipe: Recipe) -> Outcome:
        for _ in range(TRIES):
            try:
                outcome, files = self._try(task, recipe)
            except self._ray.exceptions.RayError as error:
                fault = getattr(error, "cause", None) or error
                if isinstance(fault, UserError):
                    raise fault from None
                continue
            if files:
                write_files(self._run.fold_folder(*task), files)
            return outcome
        what = str(fault).strip().partition("\n")[0]
        return Failure(f"failed {TRIES} times, at last with {type(fault).__name__}: {what}")

    def _try(self, task: Task, recipe: Recipe) -> tuple[Outcome, Files]:
        with self._lock:
            if self._pending is None:
                raise CancelledError
            reference = self._fit.remote(self._shared, recipe, task, self._board)
            self._pending.add(reference)
        try:
            return self._ray.get(reference)
        finally:
            with self._lock:
                if self._pending is not None:
                    self._pending.remove(reference)


@contextmanager
def start_cluster(
    run: Run, need: Need, console: Console, fit: Fit = fit_remotely
) -> Iterator[ClusterTrainers]:
    """Train for `run` on the cluster at RAY_ADDRESS, or on one started here, within the block.

    However the block ends, the trainings are ended: what they have finished is in the run's folder.

    Args:
        run: its folder gets the trainings; its folds are dealt.
        need: what each training takes.
        console: where it is said that nodes are awaited.
        fit: what is done for each task.

    Raises:
        UserError: Ray is not installed, the cluster does not answer, no node of it has room for
            such a training, it was lost, or the run's data changed.
    """
    with joined_cluster(_variables(need)) as ray:
        nodes = resources(ray)
        if not any(map(need.room, nodes)):
            raise UserError(
                f"expected a node with {need} for each training, found none among {len(nodes)}. "
                "Pass smaller CPUS= and GPUS=, or add a node."
            )
        trainers = ClusterTrainers(run, need, console, fit)
        try:
            yield trainers
        except ray.exceptions.RayError as error:
            raise UserError(
                f"the cluster was lost ({type(error).__name__}): {CONTINUES}."
            ) from error
        finally:
            trainers.kill()
            remove_partial(run.folder)


def resources(ray: Any) -> list[dict[str, float]]:
    """What each node that is there has, by Ray's names: 'CPU', 'GPU', and its own."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def _variables(need: Need) -> dict[str, str]:
    """What a worker's environment gets before anything is imported; nothing else travels."""
    variables = environment(need.cpus)
    if not need.gpus:
        variables |= {"CUDA_VISIBLE_DEVICES": "-1"}
    backend = os.environ.get("KERAS_BACKEND")
    return variables | ({"KERAS_BACKEND": backend} if backend else {})


def _shared(run: Run) -> Shared:
    data, folds, corrected = training_data(run)
    train, test = _in_memory(data.train), _in_memory(data.test)
    return Shared(train, test, folds, corrected, installed_versions())


def _in_memory(faces: Faces) -> Faces:
    """The same faces as plain arrays: memory-mapped ones would be copied by each who reads them."""
    return Faces(*map(np.asarray, (faces.images, faces.keypoints, faces.ids, faces.annotator)))
