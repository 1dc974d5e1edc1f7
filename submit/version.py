"""Which version of this code is at work."""

from __future__ import annotations

import os
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def code_version(root: Path = ROOT) -> str:
    """Tell the project's version and, in a git checkout, the commit: '0.1.0+1a2b3c4-dirty'."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    # A checkout around an unpacked archive is not the archive's.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(root.resolve().parent)}
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        commit = subprocess.check_output(
            command, env=environment, text=True, stderr=subprocess.DEVNULL, timeout=10
        ).strip()
    except (OSError, subprocess.SubprocessError):
        return project["version"]
    return f"{project['version']}+{commit}"
