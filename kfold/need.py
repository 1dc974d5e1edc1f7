"""What a training takes of a cluster's nodes."""

from __future__ import annotations

from dataclasses import dataclass

from data.errors import UserError
from kfold.join import find_cluster
from kfold.place import Place


@dataclass(frozen=True)
class Need:
    """What a training takes of its node.

    Attributes:
        cpus: as many are TensorFlow's threads.
        gpus: a whole number, or a share of one such as 0.25.

    Raises:
        UserError: less than one CPU, or a share that Ray does not know.
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

    def room(self, node: dict[str, float]) -> int:
        """How many such trainings fit at once on a node with these resources."""
        wanted = {"CPU": self.cpus, "GPU": self.gpus}
        fits = [node.get(name, 0) / share for name, share in wanted.items() if share]
        return int(min(fits) + 1e-6)  # 1 / 0.1 may be a little less than 10


def cluster_need(place: Place) -> Need | None:
    """What each training takes of a cluster, which is there or can be started; None to train here.

    Raises:
        UserError: options for a cluster without one, or the other way round; or as of
            `kfold.join.find_cluster`.
    """
    if not place.cluster:
        if (place.cpus, place.gpus) != (Place.cpus, Place.gpus):
            raise UserError("CPUS= and GPUS= are for a cluster: pass CLUSTER=ray, too.")
        return None
    if place.jobs:
        raise UserError("JOBS= is for one machine: on a cluster, CPUS= and GPUS= decide.")
    need = Need(place.cpus, place.gpus)
    find_cluster()  # now, before anything is made or deleted
    return need
