"""The options that say where a command's trainings run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from data.errors import UserError


@dataclass(frozen=True)
class Place:
    """Processes of this machine, or a cluster.

    Raises:
        UserError: fewer than 1 job.
    """

    jobs: int | None = None
    """Trainings at a time; by default as many as suit the machine."""
    cluster: Literal["ray"] | None = None
    """Train on the Ray cluster at RAY_ADDRESS, or on one started here, instead of in processes."""
    cpus: int = 1
    """On a cluster: CPUs for each training."""
    gpus: float = 0.0
    """On a cluster: GPUs for each training, such as 0.25 for four that share one."""

    def __post_init__(self) -> None:
        if self.jobs is not None and self.jobs < 1:
            raise UserError(f"jobs: expected at least 1, found {self.jobs}.")
