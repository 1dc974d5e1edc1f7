"""What trainings report while they run, and how they end."""

from __future__ import annotations

from dataclasses import dataclass

from kfold.runs.task import Task, TrainingSummary


@dataclass(frozen=True)
class EpochReport:
    """An epoch of a training.

    Attributes:
        task: the training.
        epoch: counted from 1.
        logs: losses and scores by name, and the `size` of the images in pixels.
    """

    task: Task
    epoch: int
    logs: dict[str, float]


@dataclass(frozen=True)
class Finished:
    """A training whose files are in the run's folder."""

    summary: TrainingSummary


@dataclass(frozen=True)
class Diverged:
    """A training whose loss or predictions became NaN or infinite, as they would again."""

    reason: str


@dataclass(frozen=True)
class Failed:
    """A failure worth retrying; unlike divergence, not caused by the recipe."""

    reason: str


@dataclass(frozen=True)
class Stopped:
    """A training that was asked to stop; none of its files are kept."""

    reason: str


Outcome = Finished | Diverged | Failed | Stopped
"""How a training ended; a reason is a sentence with its period."""
