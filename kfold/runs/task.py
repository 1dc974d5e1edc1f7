"""The unit of work: one model, one seed, one fold."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from data.system.atomic import write_json

DONE = "done.json"
"""File of a summary; written last, so its presence means that the training is finished."""


class Task(NamedTuple):
    """One training of a run."""

    model: str
    seed: int
    fold: int


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
    """

    rmse: float
    epochs: int
    seconds: float
    images_per_second: float
    waiting: float = 0.0
    parameters: int = 0
    axis_offset: list[list[float]] | None = None

    def write(self, folder: Path) -> None:
        """Write done.json into a training's folder."""
        write_json(folder / DONE, asdict(self))

    @classmethod
    def read(cls, folder: Path) -> TrainingSummary | None:
        """Read a training's done.json; None while it is not finished."""
        path = folder / DONE
        return cls(**json.loads(path.read_text())) if path.is_file() else None
