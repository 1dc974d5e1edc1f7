"""The options that say where a command's trainings run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Place:
    """Processes of this machine, or a cluster."""

    jobs: int | None = None
    """Trainings at a time; by default as many as suit the machine."""
    cluster: Literal["ray"] | None = None
    """Train on the Ray cluster at RAY_ADDRESS, or on one started here, instead of in processes."""
    cpus: int = 1
    """On a cluster: CPUs for each training."""
    gpus: float = 0.0
    """On a cluster: GPUs for each training, such as 0.25 for four that share one."""
