"""Where trainings run, and the resources of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from data.system.errors import UserError
from kfold.parallel.ray_cluster import find_cluster


@dataclass(frozen=True)
class ComputeOptions:
    """Options of commands that train: local processes or a cluster.

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


@dataclass(frozen=True)
class TrainingResources:
    """What each training takes of its node in a cluster.

    Attributes:
        cpus: CPUs, and as many threads of the backend.
        gpus: a whole number, or a fraction of one such as 0.25.

    Raises:
        UserError: less than one CPU, or GPUs that Ray cannot divide so.
    """

    cpus: int = 1
    gpus: float = 0.0

    def __post_init__(self) -> None:
        if self.cpus < 1:
            raise UserError(f"cpus: expected at least 1, found {self.cpus}.")
        if self.gpus < 0 or (self.gpus > 1 and self.gpus % 1):
            raise UserError(f"gpus: expected 0 to 1, or a whole number, found {self.gpus}.")

    def __str__(self) -> str:
        return f"{self.cpus} CPUs and {self.gpus:g} GPUs"

    def capacity(self, node: dict[str, float]) -> int:
        """Number of such trainings that a node runs at once.

        Args:
            node: its resources by Ray's names, 'CPU' and 'GPU'.
        """
        wanted = {"CPU": self.cpus, "GPU": self.gpus}
        fits = [node.get(name, 0) / share for name, share in wanted.items() if share]
        return int(min(fits) + 1e-6)  # 1 / 0.1 may round to less than 10


def cluster_resources(options: ComputeOptions) -> TrainingResources | None:
    """What each training takes of a cluster; None to train on this machine.

    Raises:
        UserError: cluster options without CLUSTER=ray, local options with it, or the cluster
            cannot be used (see `kfold.parallel.ray_cluster.find_cluster`).
    """
    if not options.cluster:
        if (options.cpus, options.gpus) != (ComputeOptions.cpus, ComputeOptions.gpus):
            raise UserError("CPUS= and GPUS= are for a cluster: pass CLUSTER=ray, too.")
        return None
    if options.jobs:
        raise UserError("JOBS= is for one machine: on a cluster, CPUS= and GPUS= decide.")
    resources = TrainingResources(options.cpus, options.gpus)
    find_cluster()  # refuses before anything is written or deleted
    return resources
