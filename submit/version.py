"""Version of this code, for the messages of submissions."""

from __future__ import annotations

import os
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def code_version(root: Path = ROOT) -> str:
    """The project's version and, in a git checkout, the commit: '0.1.0+1a2b3c4-dirty'."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    # Ignores another project's checkout around an unpacked archive.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(root.resolve().parent)}
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        commit = subprocess.check_output(
            command, env=environment, text=True, stderr=subprocess.DEVNULL, timeout=10
        ).strip()
    except (OSError, subprocess.SubprocessError):
        return project["version"]
    return f"{project['version']}+{commit}"
