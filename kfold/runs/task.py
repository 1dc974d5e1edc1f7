"""The unit of work: one model, one seed, one fold."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from data.system.atomic import write_json
from data.system.errors import UserError
from kfold.config.validation import read_json, validated
from kfold.runs.code_version import UNKNOWN

DONE = "done.json"
"""File of a summary; written last, so its presence means that the training is finished."""

DIVERGED = "diverged.txt"
FAILED = "failed.txt"
"""Files that say why a training has no result."""


class Task(NamedTuple):
    """One training of a run."""

    model: str
    seed: int
    fold: int


class DamagedError(UserError):
    """A file of a finished training that is missing, cannot be read, or belongs to another one.

    Attributes:
        path: of the file.
        reason: what is wrong with it, after its name.
    """

    def __init__(self, path: Path, reason: str) -> None:
        """Args: the file, and what is wrong with it."""
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path} {self.reason}. Delete it: `make cv` then trains this fold again."


@dataclass(frozen=True)
class TrainingSummary:
    """Score and cost of a finished training.

    Attributes:
        rmse: held-out RMSE over all labels, in pixels, of the mean over test-time views.
        epochs: passes over the training rows.
        seconds: duration of the training.
        images_per_second: training images per second.
        waiting: share of `seconds` spent on making batches or waiting for them.
        parameters: number of weights.
        axis_offset: learned offsets from the mirror axis in pixels, (2 annotators, 15); None for
            a network without them.
        code: version of the code that trained, see `kfold.runs.code_version`.
    """

    rmse: float
    epochs: int
    seconds: float
    images_per_second: float
    waiting: float = 0.0
    parameters: int = 0
    axis_offset: list[list[float]] | None = None
    code: str = UNKNOWN

    def write(self, folder: Path) -> None:
        """Write done.json into a training's folder."""
        write_json(folder / DONE, asdict(self))

    @classmethod
    def read(cls, folder: Path) -> TrainingSummary | None:
        """Read a training's done.json; None while it is not finished.

        Raises:
            DamagedError: the file cannot be read.
        """
        path = folder / DONE
        if not path.is_file():
            return None
        try:
            return validated(cls, read_json(path), str(path))
        except UserError as error:
            raise unreadable(path, error) from None


def unreadable(path: Path, error: Exception) -> DamagedError:
    """The damage of a file, from the error that reading it raised."""
    first_line = str(error).partition("\n")[0].removeprefix(str(path))
    return DamagedError(path, f"cannot be read ({first_line.lstrip(',: ').rstrip('.')})")
