"""A training on a cluster's node: in a temporary folder, its files sent back as bytes."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from data.system.errors import UserError
from kfold.parallel.outcomes import EpochReport, Outcome
from kfold.parallel.worker import train_task
from kfold.runs.task import DONE, Task
from kfold.runs.versions import installed_versions

if TYPE_CHECKING:
    from kfold.config.recipe import Recipe
    from kfold.training.training_data import TrainingData


@dataclass(frozen=True)
class SharedData:
    """What all trainings of a run share, sent once to each node.

    Attributes:
        data: faces, folds and labels, in memory.
        versions: of the packages that decide what a training becomes, by name.
    """

    data: TrainingData
    versions: dict[str, str]


@dataclass(frozen=True)
class RemoteResult:
    """How a training on a node ended.

    Attributes:
        outcome: finished, or why not.
        files: of a finished training, by name.
    """

    outcome: Outcome
    files: dict[str, bytes] = field(default_factory=dict)


Fit = Callable[[SharedData, "Recipe", Task, Any], RemoteResult]
"""What a node does for a task; the last argument is the handle of the `ReportActor`."""


class ReportActor:
    """A Ray actor that collects the epochs of all trainings and tells them when to stop."""

    def __init__(self) -> None:
        self._reports: list[EpochReport] = []
        self._stopped: set[Task] = set()

    def report(self, report: EpochReport) -> bool:
        """Add an epoch; True if its training should stop."""
        self._reports.append(report)
        return report.task in self._stopped

    def stop(self, task: Task) -> None:
        """Stop a training at its next report."""
        self._stopped.add(task)

    def take(self) -> list[EpochReport]:
        """The epochs since the last call."""
        reports, self._reports = self._reports, []
        return reports


def fit_remotely(shared: SharedData, recipe: Recipe, task: Task, actor: Any) -> RemoteResult:
    """Train one task as a local process does.

    Raises:
        UserError: this node has other package versions, or there is no row to train on.
    """
    _check_versions(shared.versions)  # before the backend is imported, which takes seconds
    import ray

    def report(epoch: EpochReport) -> bool:
        return ray.get(actor.report.remote(epoch))

    with TemporaryDirectory(prefix="training-") as scratch:
        folder = Path(scratch, "fold")
        outcome = train_task(recipe, shared.data, task, folder, report)
        files = folder.iterdir() if (folder / DONE).is_file() else ()
        return RemoteResult(outcome, {path.name: path.read_bytes() for path in files})


def _check_versions(expected: dict[str, str]) -> None:
    found = installed_versions()
    others = [f"{name} {found.get(name)}" for name in expected if found.get(name) != expected[name]]
    if others:
        wanted = ", ".join(f"{name} {expected[name]}" for name in expected)
        raise UserError(
            f"node {socket.gethostname()}: expected {wanted} as here, found {', '.join(others)}. "
            "Install the same requirements on every node."
        )
