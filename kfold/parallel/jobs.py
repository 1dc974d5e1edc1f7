"""How many trainings run at once on this machine.

A network this small gains little from a second thread: one process per core, with one thread each,
trains about a quarter more images per second than one process on all cores. It does not fill a GPU
either: several trainings share one, each with cores of its own for augmentation.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from data.system.cgroups import free_memory, usable_cores
from kfold.runs.versions import backend

WORKER_MEMORY = 5 << 29
"""Largest memory of a training process, in bytes. On 4,600 faces, TensorFlow included, `heatmap`
peaks at 1.2 GiB, `mask` at 2.2 and `base` at 2.5."""

CORES_PER_GPU_TRAINING = 4
"""Cores for each training on a GPU: one runs its steps, the others augment."""


@dataclass(frozen=True)
class Phase:
    """Trainings that share the machine in the same way.

    Attributes:
        trainings: number of trainings.
        jobs: trainings at a time.
        threads: of each.
        augmenters: processes that augment for each; 0 augments between its steps.
    """

    trainings: int
    jobs: int
    threads: int
    augmenters: int


def plan_phases(wanted: int | None, trainings: int) -> list[Phase]:
    """Full rounds of trainings that run at once, then the rest with more threads for each.

    Of five trainings on two cores, four run in pairs on a core each, and the last one on both.

    The plan depends on the machine and on the number of all trainings, finished ones included: the
    number of threads decides the last digits of a training, and an interrupted run should end as
    an uninterrupted one does. (Where memory is short, the plan depends on the free memory, too.)

    Args:
        wanted: trainings at a time; None to fill the cores that this process may use, or the GPU
            if there is one, within the free memory.
        trainings: number of all trainings.
    """
    cores, on_gpu = usable_cores(), uses_gpu()
    if wanted is None:
        most = cores // CORES_PER_GPU_TRAINING if on_gpu else cores
        wanted = max(1, min(most, available_memory() // WORKER_MEMORY))
    rest = trainings % wanted
    rounds = ((trainings - rest, wanted), (rest, rest))
    return [_phase(count, jobs, max(1, cores // jobs), on_gpu) for count, jobs in rounds if count]


def _phase(trainings: int, jobs: int, threads: int, on_gpu: bool) -> Phase:
    # Parallel trainings fill the cores themselves; a single one leaves some for augmentation.
    augmenters = max(1, threads - 1) if on_gpu else int(jobs == 1)
    return Phase(trainings, jobs, threads, augmenters)


def available_memory() -> int:
    """Free memory in bytes, within the limits of a container; all of it on other systems."""
    try:
        fields = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    except FileNotFoundError:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([int(fields["MemAvailable"].removesuffix("kB")) << 10, *free_memory()])


def uses_gpu() -> bool:
    """Whether trainings will run on an Nvidia GPU, found without importing the backend."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    return not hidden and has_nvidia_gpu() and backend_can_use_gpu()


def has_nvidia_gpu() -> bool:
    """Whether this machine has an Nvidia GPU, whatever is installed."""
    return any(Path("/dev").glob("nvidia[0-9]*"))


def backend_can_use_gpu() -> bool:
    """Whether the installed package of Keras's backend supports GPUs."""
    if backend() == "jax":
        return find_spec("jax_plugins") is not None
    try:
        return bool(version("tensorflow"))
    except PackageNotFoundError:  # only tensorflow-cpu is installed
        return False
