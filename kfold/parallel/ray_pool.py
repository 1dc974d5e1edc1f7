"""A pool of the nodes of a Ray cluster."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from rich.console import Console

from data.faces import Faces
from data.system.atomic import remove_partial
from data.system.errors import CONTINUES, UserError
from kfold.config.recipe import Recipe
from kfold.parallel.outcomes import EpochReport, Failed, Outcome
from kfold.parallel.ray_cluster import joined_cluster
from kfold.parallel.ray_worker import (
    Fit,
    RemoteResult,
    ReportActor,
    SharedData,
    fit_remotely,
)
from kfold.parallel.resources import TrainingResources
from kfold.parallel.worker import describe_error, worker_environment
from kfold.runs.open_run import OpenRun
from kfold.runs.task import Task
from kfold.runs.training_files import write_files
from kfold.runs.versions import installed_versions
from kfold.training.training_data import training_data

ATTEMPTS = 3
"""Times that a training is started before it is given up; a lost worker or node ends one."""

_MAX_IN_FLIGHT = 4096
"""Submitted trainings, each with a thread that waits for it."""

_COUNT_SECONDS = 1.0
"""Time between two counts of the nodes."""


class RayPool:
    """Nodes of a Ray cluster, see `kfold.parallel.pool.Pool`.

    Attributes:
        report_actor: handle of the `ReportActor`, which lives on this node.
    """

    def __init__(
        self, opened: OpenRun, resources: TrainingResources, console: Console, fit: Fit
    ) -> None:
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self._ray = ray
        self._run = opened.run
        self._resources = resources
        self._console = console
        self._shared = ray.put(_shared(opened))
        # Ray's own retries have no limit where memory is short.
        remote = ray.remote(num_cpus=resources.cpus, num_gpus=resources.gpus, max_retries=0)
        self._fit = remote(fit)
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        actor: Any = ray.remote(ReportActor)
        self.report_actor = actor.options(num_cpus=0, scheduling_strategy=here).remote()
        self._threads = ThreadPoolExecutor(_MAX_IN_FLIGHT)
        self._lock = threading.Lock()
        self._pending: set[Any] | None = set()  # None once killed
        self._capacity = 1
        self._counted = -_COUNT_SECONDS

    def capacity(self) -> int:
        """Number of trainings that the present nodes run at once; 1, to wait, without nodes."""
        if time.monotonic() >= self._counted + _COUNT_SECONDS:
            self.count_nodes()
        return max(1, self._capacity)

    def count_nodes(self) -> None:
        """Update the capacity, with a message when it becomes 0 and when it no longer is."""
        capacity = sum(map(self._resources.capacity, nodes(self._ray)))
        if self._capacity and not capacity:
            self._console.print(
                f"No node with {self._resources} is left: waiting for one. Ctrl-C ends the "
                "command; what is finished is kept."
            )
        if capacity and not self._capacity:
            self._console.print(f"Trainings go on, {capacity} at a time.")
        self._capacity, self._counted = capacity, time.monotonic()

    def submit(self, task: Task, recipe: Recipe) -> Future[Outcome]:
        """Train a task on the next free node; its files are in the run's folder afterwards."""
        return self._threads.submit(self._train, task, recipe)

    def reports(self) -> Iterator[EpochReport]:
        """Epochs since the last call; those of a training come before its outcome."""
        yield from self._ray.get(self.report_actor.take.remote())

    def stop(self, task: Task) -> None:
        """Stop a training after its current epoch."""
        self.report_actor.stop.remote(task)

    def kill(self) -> None:
        """End all trainings."""
        with self._lock:
            pending, self._pending = self._pending or (), None
        for reference in pending:
            self._ray.cancel(reference, force=True)
        self._threads.shutdown(cancel_futures=True)

    def _train(self, task: Task, recipe: Recipe) -> Outcome:
        reason = ""
        for _ in range(ATTEMPTS):
            try:
                result = self._attempt(task, recipe)
            except self._ray.exceptions.RayError as error:
                fault = getattr(error, "cause", None) or error
                if isinstance(fault, UserError):
                    raise fault from None
                reason = f"failed with {describe_error(fault)}."
                continue
            if isinstance(result.outcome, Failed):
                reason = result.outcome.reason
                continue
            if result.files:
                write_files(self._run.fold_folder(*task), result.files)
            return result.outcome
        return Failed(f"{ATTEMPTS} attempts failed; the last one {reason}")

    def _attempt(self, task: Task, recipe: Recipe) -> RemoteResult:
        with self._lock:
            if self._pending is None:
                raise CancelledError
            reference = self._fit.remote(self._shared, recipe, task, self.report_actor)
            self._pending.add(reference)
        try:
            return self._ray.get(reference)
        finally:
            with self._lock:
                if self._pending is not None:
                    self._pending.remove(reference)


@contextmanager
def open_ray_pool(
    opened: OpenRun, resources: TrainingResources, console: Console, fit: Fit = fit_remotely
) -> Iterator[RayPool]:
    """Train on the cluster at RAY_ADDRESS, or on one started here; leaving the block ends it.

    Finished trainings are in the run's folder; interrupted ones leave no partial file there.

    Args:
        opened: the run.
        resources: what each training takes of its node.
        console: where it is said that the pool waits for nodes.
        fit: what a node does for each task.

    Raises:
        UserError: Ray is not installed, the cluster does not answer, none of its nodes has
            enough resources, or the cluster was lost.
    """
    with joined_cluster(_environment(resources)) as ray:
        found = nodes(ray)
        if not any(map(resources.capacity, found)):
            raise UserError(
                f"expected a node with {resources} for each training, found none among "
                f"{len(found)}. Pass smaller CPUS= and GPUS=, or add a node."
            )
        pool = RayPool(opened, resources, console, fit)
        try:
            yield pool
        except ray.exceptions.RayError as error:
            raise UserError(
                f"the cluster was lost ({type(error).__name__}): {CONTINUES}."
            ) from error
        finally:
            pool.kill()
            remove_partial(opened.run.folder)


def nodes(ray: Any) -> list[dict[str, float]]:
    """Resources of each live node, by Ray's names: 'CPU', 'GPU', and its own."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def _environment(resources: TrainingResources) -> dict[str, str]:
    """Environment variables of the workers; no other variable of this machine is sent."""
    variables = worker_environment(resources.cpus)
    if not resources.gpus:
        variables |= {"CUDA_VISIBLE_DEVICES": "-1"}
    return variables | {"KERAS_BACKEND": os.environ["KERAS_BACKEND"]}


def _shared(opened: OpenRun) -> SharedData:
    data = training_data(opened)
    in_memory = replace(data, train=_in_memory(data.train), test=_in_memory(data.test))
    return SharedData(in_memory, installed_versions())


def _in_memory(faces: Faces) -> Faces:
    """The same faces as plain arrays: each reader would copy memory-mapped ones."""
    return Faces(*map(np.asarray, (faces.images, faces.keypoints, faces.ids, faces.annotator)))
