from importlib.metadata import PackageNotFoundError

import pytest

from data.system.errors import UserError
from kfold.parallel.jobs import (
    WORKER_MEMORY,
    Phase,
    available_memory,
    backend_can_use_gpu,
    plan_phases,
)
from kfold.parallel.resources import ComputeOptions


@pytest.fixture
def machine(monkeypatch):
    """Pretends that this machine has other cores, memory in bytes, or a GPU."""

    def pretend(cores: int, memory: int = 10**15, gpu: bool = False) -> None:
        monkeypatch.setattr("joblib.cpu_count", lambda: cores)
        monkeypatch.setattr("kfold.parallel.jobs.available_memory", lambda: memory)
        monkeypatch.setattr("kfold.parallel.jobs.uses_gpu", lambda: gpu)

    return pretend


@pytest.mark.parametrize(
    ("trainings", "cores", "phases"),
    [
        (0, 2, []),
        (1, 2, [Phase(1, 1, 2, 1)]),
        (2, 2, [Phase(2, 2, 1, 0)]),
        (5, 2, [Phase(4, 2, 1, 0), Phase(1, 1, 2, 1)]),
        (10, 2, [Phase(10, 2, 1, 0)]),
        (5, 1, [Phase(5, 1, 1, 1)]),
        (7, 4, [Phase(4, 4, 1, 0), Phase(3, 3, 1, 0)]),
        (5, 64, [Phase(5, 5, 12, 0)]),
    ],
)
def test_full_rounds_fill_the_cores_and_the_rest_shares_them(machine, trainings, cores, phases):
    machine(cores)
    assert plan_phases(None, trainings) == phases


def test_processes_fit_into_memory(machine):
    machine(10, memory=3 * WORKER_MEMORY)
    assert plan_phases(None, 9) == [Phase(9, 3, 3, 0)]
    machine(10, memory=WORKER_MEMORY // 2)
    assert plan_phases(None, 9) == [Phase(9, 1, 10, 1)]


@pytest.mark.parametrize(("jobs", "threads"), [(1, 4), (2, 2), (3, 1), (6, 1)])
def test_processes_share_the_cores(machine, jobs, threads):
    machine(4)
    assert plan_phases(jobs, 6) == [Phase(6, jobs, threads, int(jobs == 1))]


def test_trainings_that_share_a_gpu_have_cores_for_augmentation(machine):
    machine(16, gpu=True)
    assert plan_phases(None, 10) == [Phase(8, 4, 4, 3), Phase(2, 2, 8, 7)]
    machine(2, gpu=True)
    assert plan_phases(None, 4) == [Phase(4, 1, 2, 1)]
    assert plan_phases(2, 4) == [Phase(4, 2, 1, 1)]


@pytest.mark.parametrize(
    ("backend", "installed", "supported"),
    [
        ("tensorflow", "tensorflow-cpu", False),
        ("tensorflow", "tensorflow", True),
        ("tensorflow", "tensorflow tensorflow-cpu", True),
        ("jax", "jax_plugins", True),
        ("jax", "jax", False),
    ],
)
def test_the_package_of_the_backend_decides_about_a_gpu(monkeypatch, backend, installed, supported):
    def version(name: str) -> str:
        if name not in installed.split():
            raise PackageNotFoundError
        return "1.0"

    monkeypatch.setattr("kfold.parallel.jobs.backend", lambda: backend)
    monkeypatch.setattr("kfold.parallel.jobs.version", version)
    monkeypatch.setattr(
        "kfold.parallel.jobs.find_spec", lambda name: name in installed.split() or None
    )
    assert backend_can_use_gpu() == supported


def test_less_than_one_job_is_refused():
    with pytest.raises(UserError, match="jobs: expected at least 1, found 0"):
        ComputeOptions(jobs=0)


def test_this_machine_has_a_plausible_amount_of_memory():
    assert 2**26 < available_memory() < 2**50
