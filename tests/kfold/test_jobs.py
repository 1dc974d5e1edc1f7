import pytest

from data.errors import UserError
from kfold.jobs import WORKER_MEMORY, Phase, available_memory, plan_phases


@pytest.fixture
def machine(monkeypatch):
    def of(cores: int, memory: int = 10**15, gpu: bool = False) -> None:
        monkeypatch.setattr("joblib.cpu_count", lambda: cores)
        monkeypatch.setattr("kfold.jobs.available_memory", lambda: memory)
        monkeypatch.setattr("kfold.jobs._gpu_visible", lambda: gpu)

    return of


@pytest.mark.parametrize(
    ("trainings", "cores", "phases"),
    [
        (0, 2, []),
        (1, 2, [Phase(1, 1, 2)]),
        (2, 2, [Phase(2, 2, 1)]),
        (5, 2, [Phase(4, 2, 1), Phase(1, 1, 2)]),
        (10, 2, [Phase(10, 2, 1)]),
        (5, 1, [Phase(5, 1, 1)]),
        (7, 4, [Phase(4, 4, 1), Phase(3, 3, 1)]),
        (5, 64, [Phase(5, 5, 12)]),
    ],
)
def test_no_core_is_idle_in_full_rounds_and_the_rest_has_them_all(
    machine, trainings, cores, phases
):
    machine(cores)
    assert plan_phases(None, trainings) == phases


def test_no_more_processes_than_fit_into_memory(machine):
    machine(10, memory=3 * WORKER_MEMORY)
    assert plan_phases(None, 9) == [Phase(9, 3, 3)]
    machine(10, memory=WORKER_MEMORY // 2)
    assert plan_phases(None, 9) == [Phase(9, 1, 10)]


@pytest.mark.parametrize(("jobs", "threads"), [(1, 4), (2, 2), (3, 1), (6, 1)])
def test_processes_share_the_cores(machine, jobs, threads):
    machine(4)
    assert plan_phases(jobs, 6) == [Phase(6, jobs, threads)]


def test_a_gpu_is_not_shared_unless_asked(machine):
    machine(4, gpu=True)
    assert plan_phases(None, 4) == [Phase(4, 1, 4)]
    assert plan_phases(2, 4) == [Phase(4, 2, 2)]


def test_less_than_one_job_is_refused():
    with pytest.raises(UserError, match="jobs: expected at least 1, found 0"):
        plan_phases(0, 5)


def test_the_memory_of_this_machine_is_known():
    assert 2**26 < available_memory() < 2**50
