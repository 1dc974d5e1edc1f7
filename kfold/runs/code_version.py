"""The version of this product's code, by which trainings of different code are told apart."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]

PACKAGES = ("data", "augment", "kfold")
"""What a machine that trains for this one needs of this project."""

SOURCES = (
    "data",
    "augment",
    *(
        f"kfold/{room}"
        for room in ("config", "custom", "folds", "labels", "metrics", "models", "runs", "training")
    ),
)
"""Folders with the Python files that decide what a training becomes."""

UNKNOWN = "unknown"
"""Version of a training that does not say by which code it was made."""

_DIGITS = 8


def project_modules(root: Path = ROOT) -> list[Path]:
    """The Python files of `PACKAGES`, relative to `root`."""
    files = (path for package in PACKAGES for path in (root / package).rglob("*.py"))
    return sorted(path.relative_to(root) for path in files)


@cache
def code_version(root: Path = ROOT) -> str:
    """Version, commit and checksum of the sources: '0.1.0+1a2b3c4, sources 5f3a9c21'.

    The checksum is the start of a SHA-256 over paths and contents of the Python files in `SOURCES`;
    it also tells apart what was changed since the commit. Without git there is no commit.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    digest = hashlib.sha256()
    for path in sorted(path for folder in SOURCES for path in (root / folder).rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode() + content)
    return f"{project['version']}{_commit(root)}, sources {digest.hexdigest()[:_DIGITS]}"


def distinct_sources(versions: Iterable[str]) -> list[str]:
    """The first version of each checksum of the sources, in order."""
    found: dict[str, str] = {}
    for version in versions:
        found.setdefault(version[-_DIGITS:], version)
    return list(found.values())


def _commit(root: Path) -> str:
    """'+1a2b3c4', with '-dirty' if a file was changed since; empty outside of a git checkout."""
    # Ignores another project's checkout around an unpacked archive.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(root.resolve().parent)}
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        commit = subprocess.check_output(
            command, env=environment, text=True, stderr=subprocess.DEVNULL, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return f"+{commit.strip()}"
