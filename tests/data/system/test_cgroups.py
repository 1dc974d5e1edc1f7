"""Limits are read from folders like those of Linux, of a container, a batch job or none."""

import os
import runpy
from pathlib import Path

import pytest

from data.system import keras_environment
from data.system.cgroups import cpu_limits, free_memory
from data.system.keras_environment import THREAD_VARIABLES
from kfold.parallel import jobs

GIB = 1 << 30
V1_LIMIT = {"memory/memory.limit_in_bytes": str(2**63 - 4096)}
"""What version 1 says without a limit."""


def limits(root: Path, own: str, files: dict[str, str]) -> tuple[list[int], list[int]]:
    """CPUs and GiB by a process's groups `own` and `files` below the root of all groups."""
    (root / "own").write_text(own)
    for name, text in files.items():
        path = root / "groups" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    groups = root / "groups", root / "own"
    return cpu_limits(*groups), [free // GIB for free in free_memory(*groups)]


def test_a_container_of_version_2(tmp_path):
    files = {
        "cpu.max": "150000 100000",
        "memory.max": str(8 * GIB),
        "memory.current": str(5 * GIB),
        "memory.stat": f"anon {GIB}\nactive_file {GIB}\ninactive_file {2 * GIB}\nshmem 0",
    }
    assert limits(tmp_path, "0::/\n", files) == ([2], [6])


def test_a_job_in_limited_groups_of_version_2(tmp_path):
    files = {
        "cpu.max": "max 100000",
        "memory.max": "max",
        "slurm/cpu.max": "800000 100000",
        "slurm/memory.max": str(64 * GIB),
        "slurm/job/cpu.max": "50000 100000",
        "slurm/job/memory.max": str(4 * GIB),
        "slurm/other/memory.max": str(GIB),
    }
    assert limits(tmp_path, "0::/slurm/job\n", files) == ([1, 8], [4, 64])


def test_a_container_of_version_1_that_sees_another_path(tmp_path):
    files = {
        "cpu/cpu.cfs_quota_us": "400000",
        "cpu/cpu.cfs_period_us": "100000",
        "memory/memory.limit_in_bytes": str(3 * GIB),
        "memory/memory.usage_in_bytes": str(2 * GIB),
        "memory/memory.stat": f"inactive_file 0\ntotal_inactive_file {GIB}\ntotal_active_file 0",
    }
    own = "12:pids:/docker/ab\n4:memory:/docker/ab\n3:cpu,cpuacct:/docker/ab\n0::/docker/ab\n"
    assert limits(tmp_path, own, files) == ([4], [2])


def test_without_limits(tmp_path):
    files = V1_LIMIT | {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}
    cpus, free = limits(tmp_path, "4:memory:/\n1:cpu:/\n0::/\n", files)
    assert cpus == []
    assert min(free) > 2**32
    assert limits(tmp_path, "", files) == ([], [])


def test_memory_beyond_the_limit_is_none(tmp_path):
    files = {"memory.max": str(GIB), "memory.current": str(2 * GIB)}
    assert limits(tmp_path, "0::/\n", files) == ([], [0])


def test_memory_that_slows_a_process_down_counts_as_none(tmp_path):
    files = {"memory.max": "max", "memory.high": str(3 * GIB), "memory.current": str(GIB)}
    assert limits(tmp_path, "0::/\n", files) == ([], [2])


def test_a_systems_own_files_can_be_read():
    assert all(1 <= cpus < 2**16 for cpus in cpu_limits())
    assert all(0 <= free < 2**64 for free in free_memory())


@pytest.mark.parametrize(("cpus", "gib"), [([8, 1], [100]), ([8], [100, 1])])
def test_trainings_at_a_time_stay_within_the_limits(monkeypatch, cpus, gib):
    monkeypatch.setattr("joblib.cpu_count", lambda: 16)
    monkeypatch.setattr(jobs, "uses_gpu", lambda: False)
    monkeypatch.setattr("data.system.cgroups.cpu_limits", lambda: cpus)
    monkeypatch.setattr(jobs, "free_memory", lambda: [n * GIB for n in gib])
    assert jobs.plan_phases(None, 16)[0].jobs == 1


@pytest.mark.parametrize(
    ("quotas", "own", "threads"), [([1, 8], "", "1"), ([1], "3", "3"), ([], "", "")]
)
def test_a_command_has_no_more_threads_than_its_quota(monkeypatch, quotas, own, threads):
    monkeypatch.setattr("data.system.cgroups.cpu_limits", lambda: quotas)
    for name in THREAD_VARIABLES:
        monkeypatch.setenv(name, own)  # restored afterwards
        if not own:
            del os.environ[name]
    runpy.run_path(str(keras_environment.__file__))
    assert {os.environ.get(name, "") for name in THREAD_VARIABLES} == {threads}
