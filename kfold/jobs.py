"""How many trainings run at once.

A network this small gains little from a second thread; as many processes as cores, of one thread
each, train about half as many images again.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

from data.errors import UserError

WORKER_MEMORY = 5 << 29
"""Bytes that a training process takes at most. On 4,600 faces `heatmap` peaks at 1.2 GiB, `mask` at
2.2 and `base` at 2.5, TensorFlow included."""


def choose_jobs(wanted: int | None, trainings: int) -> tuple[int, int]:
    """How many processes train at once, and on how many threads each.

    The answer depends on the machine and the number of trainings alone, finished ones included:
    the number of threads decides the last digits of a training, and a run that was cut off should
    come out as if it had not been.

    Args:
        wanted: as many processes; None to fill the cores without running out of memory, or one
            process where there is a GPU to share.
        trainings: how many there are in all.

    Raises:
        UserError: fewer than 1 wanted.
    """
    import joblib

    if wanted is not None and wanted < 1:
        raise UserError(f"jobs: expected at least 1, found {wanted}.")
    cores = joblib.cpu_count()
    if wanted is None:
        wanted = 1 if _gpu_visible() else automatic_jobs(trainings, cores, available_memory())
    return wanted, max(1, cores // wanted)


def automatic_jobs(trainings: int, cores: int, memory: int) -> int:
    """As many trainings at once as fit into `memory` bytes and leave no core idle at the end.

    Five trainings on two cores run three, then two at a time, and share the cores: two at a time
    would leave one for the last round alone.
    """
    rounds = max(1, trainings // cores)
    return max(1, min(math.ceil(trainings / rounds), memory // WORKER_MEMORY))


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
