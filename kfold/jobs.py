"""How many trainings run at once.

A network this small gains little from a second thread; as many processes as cores, of one thread
each, train about a third more images together than one process on all cores.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from data.errors import UserError

WORKER_MEMORY = 5 << 29
"""Bytes that a training process takes at most. On 4,600 faces `heatmap` peaks at 1.2 GiB, `mask` at
2.2 and `base` at 2.5, TensorFlow included."""


@dataclass(frozen=True)
class Phase:
    """Trainings that share the machine alike.

    Attributes:
        trainings: how many there are.
        jobs: how many of them run at once.
        threads: of each that runs.
    """

    trainings: int
    jobs: int
    threads: int


def plan_phases(wanted: int | None, trainings: int) -> list[Phase]:
    """Full rounds of as many trainings as run at once, then the rest, with more threads for each.

    Five trainings on two cores run two and two on a core each, and the last on both.

    The answer depends on the machine and the number of all trainings, finished ones included: the
    number of threads decides the last digits of a training, and a run that was cut off should come
    out as if it had not been. (Where memory is short, it depends on what is free at the moment.)

    Args:
        wanted: trainings at once; None to fill the cores without running out of memory, or one
            where there is a GPU to share.
        trainings: how many there are in all.

    Raises:
        UserError: fewer than 1 wanted.
    """
    import joblib

    if wanted is not None and wanted < 1:
        raise UserError(f"jobs: expected at least 1, found {wanted}.")
    cores = joblib.cpu_count()
    if wanted is None:
        wanted = 1 if _gpu_visible() else max(1, min(cores, available_memory() // WORKER_MEMORY))
    rest = trainings % wanted
    rounds = ((trainings - rest, wanted), (rest, rest))
    return [Phase(count, jobs, max(1, cores // jobs)) for count, jobs in rounds if count]


def available_memory() -> int:
    """Bytes that new processes can have; where the system does not tell, all there are."""
    try:
        fields = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    except FileNotFoundError:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(fields["MemAvailable"].removesuffix("kB")) << 10


def _gpu_visible() -> bool:
    """Whether TensorFlow could use an Nvidia GPU; asking TensorFlow would mean to import it."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    return not hidden and any(Path("/dev").glob("nvidia[0-9]*"))
