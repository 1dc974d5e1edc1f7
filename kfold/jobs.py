"""How many trainings run at once.

A network this small gains little from a second thread; as many processes as cores, of one thread
each, train about a third more images together than one process on all cores. It does not fill a
GPU either: several trainings share one, each with cores of its own that augment for it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from kfold.versions import backend

WORKER_MEMORY = 5 << 29
"""Bytes that a training process takes at most. On 4,600 faces `heatmap` peaks at 1.2 GiB, `mask` at
2.2 and `base` at 2.5, TensorFlow included."""

GPU_CORES = 4
"""Cores for each of the trainings that share a GPU: one makes its steps, the others augment."""


@dataclass(frozen=True)
class Phase:
    """Trainings that share the machine alike.

    Attributes:
        trainings: how many there are.
        jobs: how many of them run at once.
        threads: of each that runs.
        augmenters: processes that augment for each; 0 to have it done between its steps.
    """

    trainings: int
    jobs: int
    threads: int
    augmenters: int


def plan_phases(wanted: int | None, trainings: int) -> list[Phase]:
    """Full rounds of as many trainings as run at once, then the rest, with more threads for each.

    Five trainings on two cores run two and two on a core each, and the last on both.

    The answer depends on the machine and the number of all trainings, finished ones included: the
    number of threads decides the last digits of a training, and a run that was cut off should come
    out as if it had not been. (Where memory is short, it depends on what is free at the moment.)

    Args:
        wanted: trainings at once; None to fill the cores, or the GPU where there is one, without
            running out of memory.
        trainings: how many there are in all.
    """
    import joblib

    cores, on_gpu = joblib.cpu_count(), _uses_gpu()
    if wanted is None:
        most = cores // GPU_CORES if on_gpu else cores
        wanted = max(1, min(most, available_memory() // WORKER_MEMORY))
    rest = trainings % wanted
    rounds = ((trainings - rest, wanted), (rest, rest))
    return [_phase(count, jobs, max(1, cores // jobs), on_gpu) for count, jobs in rounds if count]


def _phase(trainings: int, jobs: int, threads: int, on_gpu: bool) -> Phase:
    # Side by side on cores, the trainings themselves fill them; a lone one leaves some to augment.
    augmenters = max(1, threads - 1) if on_gpu else int(jobs == 1)
    return Phase(trainings, jobs, threads, augmenters)


def available_memory() -> int:
    """Bytes that new processes can have; where the system does not tell, all there are."""
    try:
        fields = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    except FileNotFoundError:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(fields["MemAvailable"].removesuffix("kB")) << 10


def _uses_gpu() -> bool:
    """Whether trainings will run on an Nvidia GPU; asking the backend would mean to import it."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    return not hidden and any(Path("/dev").glob("nvidia[0-9]*")) and backend_can_use_gpu()


def backend_can_use_gpu() -> bool:
    """Whether Keras's backend is installed with what it needs to compute on a GPU."""
    if backend() == "jax":
        return find_spec("jax_plugins") is not None
    try:
        return bool(version("tensorflow"))
    except PackageNotFoundError:  # there is tensorflow-cpu alone
        return False
