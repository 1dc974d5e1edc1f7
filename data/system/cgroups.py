"""Limits of a container or a batch job: Linux's cgroups of version 1 and 2."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
"""Where the groups are folders; those of version 1, and some of 2, in a folder each hierarchy."""

OWN = Path("/proc/self/cgroup")
"""The groups of this process: '4:memory:/job' by version 1, '0::/job' by version 2."""

_MEMORY_FILES = {
    "memory.max": "memory.current",
    "memory.high": "memory.current",  # beyond it, processes are slowed down instead of killed
    "memory.limit_in_bytes": "memory.usage_in_bytes",
}
"""Files with the limit and with the use, the last of version 1."""


def usable_cores() -> int:
    """CPUs that this process may use: by its affinity, its cpuset and its groups' quotas."""
    import joblib

    return min([joblib.cpu_count(), *cpu_limits()])  # joblib reads the outermost quota only


def cpu_limits(root: Path = ROOT, own: Path = OWN) -> list[int]:
    """CPUs that each limited group around this process may use, rounded up."""
    limits = []
    for group in _groups("cpu", root, own):
        quota, period = _read(group, "cpu.cfs_quota_us"), _read(group, "cpu.cfs_period_us")
        words = (_read(group, "cpu.max") or f"{quota} {period}").split()
        if len(words) == 2 and words[0].isdecimal():  # neither 'max' nor -1
            limits.append(math.ceil(int(words[0]) / int(words[1])))
    return limits


def free_memory(root: Path = ROOT, own: Path = OWN) -> list[int]:
    """Bytes that each limited group around this process may still use."""
    return [
        max(0, int(limit) - _used(group, usage))
        for group in _groups("memory", root, own)
        for name, usage in _MEMORY_FILES.items()
        if (limit := _read(group, name)).isdecimal()  # not 'max'
    ]


def _used(group: Path, usage: str) -> int:
    """Bytes in use by a group, without the files that it has read: those can be dropped."""
    stat = dict(line.split() for line in _read(group, "memory.stat").splitlines())
    names = ("active_file", "inactive_file")
    cache = sum(int(stat.get(f"total_{name}", stat.get(name, 0))) for name in names)
    return int(_read(group, usage) or 0) - cache


def _groups(controller: str, root: Path, own: Path) -> Iterator[Path]:
    """Folders of the groups around this process; not all need be there in a container."""
    for line in _read(own).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            bases = [root, root / "unified"]
        else:
            bases = [root / controller] if controller in controllers.split(",") else []
        for base in bases:
            group = base / path.lstrip("/")
            yield from (at for at in (group, *group.parents) if at.is_relative_to(base))


def _read(*path: Path | str) -> str:
    """Text of a file; empty if there is none."""
    try:
        return Path(*path).read_text().strip()
    except OSError:
        return ""
