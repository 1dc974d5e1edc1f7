import pytest

from data.errors import UserError
from kfold.jobs import WORKER_MEMORY, automatic_jobs, available_memory, choose_jobs

PLENTY = 10**15


@pytest.mark.parametrize(
    ("trainings", "cores", "jobs"),
    [
        (0, 2, 1),
        (1, 2, 1),
        (2, 2, 2),
        (3, 2, 3),
        (4, 2, 2),
        (5, 2, 3),
        (10, 2, 2),
        (5, 1, 1),
        (5, 4, 5),
        (25, 4, 5),
        (5, 64, 5),
    ],
)
def test_rounds_are_even_and_leave_no_core_idle(trainings, cores, jobs):
    assert automatic_jobs(trainings, cores, PLENTY) == jobs


def test_no_more_processes_than_fit_into_memory():
    assert automatic_jobs(10, 10, 3 * WORKER_MEMORY) == 3
    assert automatic_jobs(10, 10, WORKER_MEMORY // 2) == 1


@pytest.mark.parametrize(("jobs", "threads"), [(1, 4), (2, 2), (3, 1), (9, 1)])
def test_processes_share_the_cores(monkeypatch, jobs, threads):
    monkeypatch.setattr("joblib.cpu_count", lambda: 4)
    assert choose_jobs(jobs, 5) == (jobs, threads)


def test_a_gpu_is_not_shared_unless_asked(monkeypatch):
    monkeypatch.setattr("joblib.cpu_count", lambda: 4)
    monkeypatch.setattr("kfold.jobs._gpu_visible", lambda: True)
    assert choose_jobs(None, 4) == (1, 4)
    assert choose_jobs(2, 4) == (2, 2)


def test_less_than_one_job_is_refused():
    with pytest.raises(UserError, match="jobs: expected at least 1, found 0"):
        choose_jobs(0, 5)


def test_the_memory_of_this_machine_is_known():
    assert 2**26 < available_memory() < 2**50
