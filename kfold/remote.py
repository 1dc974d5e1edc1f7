"""A training on whatever machine: in a folder of its own, its files sent back as bytes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from data.atomic import replacing
from data.errors import UserError
from data.faces import Faces
from kfold.versions import installed_versions

if TYPE_CHECKING:  # its caller imports more than a worker needs
    from kfold.recipe import Recipe
    from kfold.workers import Outcome, Report, Task

Files = dict[str, bytes]
"""A fold's files by name."""

Result = tuple["Outcome", Files]

Fit = Callable[["Shared", "Recipe", "Task", Any], Result]
"""What is done for a task; the last argument is the handle of the actor that is a `Board`."""

DONE = "done.json"


@dataclass(frozen=True)
class Shared:
    """What all trainings of a run need, sent once to each machine.

    Attributes:
        train: all N training faces.
        test: the M faces of the test set.
        folds: int (N,), the fold in which each row is held out.
        corrected: float32 (N, 15, 2), labels to train on instead, or None.
        versions: of the packages that decide what a training becomes, by name.
    """

    train: Faces
    test: Faces
    folds: np.ndarray
    corrected: np.ndarray | None
    versions: dict[str, str]


class Board:
    """Where trainings report their epochs and learn that they should stop; one actor."""

    def __init__(self) -> None:
        self._reports: list[Report] = []
        self._unwanted: set[Task] = set()

    def report(self, report: Report) -> bool:
        """Put up an epoch; whether the training should stop."""
        self._reports.append(report)
        return report[0] in self._unwanted

    def stop(self, task: Task) -> None:
        """Let a training know at its next report."""
        self._unwanted.add(task)

    def take(self) -> list[Report]:
        """The epochs since the last call."""
        reports, self._reports = self._reports, []
        return reports


def fit_remotely(shared: Shared, recipe: Recipe, task: Task, board: Any) -> Result:
    """Train one task as on the caller's machine; an `Outcome` and the files of a finished one.

    Raises:
        UserError: this machine has other versions of the packages, or there is no row to train on.
    """
    _check_versions(shared.versions)  # first, since it takes no time to fail
    import ray

    from kfold.fit import fit_fold  # imports TensorFlow
    from kfold.training import DivergedError, StoppedError

    def report(epoch: int, logs: dict[str, float]) -> None:
        if ray.get(board.report.remote((task, epoch, logs))):
            raise StoppedError(f"stopped after epoch {epoch}.")

    _, seed, fold = task
    with TemporaryDirectory(prefix="training-") as scratch:
        folder = Path(scratch, "fold")
        try:
            outcome = fit_fold(
                recipe,
                shared.train,
                shared.test,
                shared.folds,
                fold,
                seed,
                folder,
                report,
                corrected=shared.corrected,
            )
        except (DivergedError, StoppedError) as error:
            return str(error), {}
        return outcome, {path.name: path.read_bytes() for path in folder.iterdir()}


def write_files(folder: Path, files: Files) -> None:
    """Write what a training sent in place of what is in `folder`; `done.json` comes last."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in sorted(files, key=lambda name: name == DONE):
        with replacing(folder / name) as path:
            path.write_bytes(files[name])


def _check_versions(expected: dict[str, str]) -> None:
    found = installed_versions()
    others = [f"{name} {found.get(name)}" for name in expected if found.get(name) != expected[name]]
    if others:
        import socket

        wanted = ", ".join(f"{name} {expected[name]}" for name in expected)
        raise UserError(
            f"node {socket.gethostname()}: expected {wanted} as here, found {', '.join(others)}. "
            "Install the same requirements on every node."
        )
