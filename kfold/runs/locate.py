"""Find a run by its name, or the latest."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from data.system.errors import UserError
from kfold.config.validation import read_json, validated
from kfold.runs.fold_table import FOLDS
from kfold.runs.run import Run
from kfold.runs.run_config import CONFIG, JOURNAL, RunConfig

RUNS = Path("runs")
"""The folder of all runs."""


def run_folder(name: str, runs: Path = RUNS) -> Path:
    """The folder of the run called `name`.

    Raises:
        UserError: the name is not that of a plain folder.
    """
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise UserError(f"RUN: expected a plain name such as 'first', found {name!r}.")
    return runs / name


def read_run(folder: Path) -> Run:
    """Read an existing run.

    Raises:
        UserError: there is no run in this folder, or its configuration cannot be read.
    """
    path = folder / CONFIG
    if not path.is_file():
        runs = sorted(p.parent.name for p in folder.parent.glob(f"*/{CONFIG}"))
        raise UserError(
            f"{folder}: expected a run, found none. Runs there: {', '.join(runs) or 'none'}. "
            "Run `make cv` first, or pass RUN=<name>."
        )
    values = read_json(path)
    config = values.get("config") if isinstance(values, dict) else None
    return Run(folder, validated(RunConfig, config, str(path)))


def made_with(folder: Path) -> list[dict[str, Any]]:
    """Machine and package versions of each call that changed them, oldest first."""
    return read_json(folder / CONFIG).get("made_with", [])


def latest_run(runs: Path = RUNS) -> Path:
    """The folder of the run whose configuration was written last, searches excepted.

    Raises:
        UserError: there is no run yet.
    """
    configs = [
        path
        for path in runs.glob(f"*/{CONFIG}")
        if path.with_name(FOLDS).exists() and not path.with_name(JOURNAL).exists()
    ]
    if not configs:
        raise UserError(f"{runs}: expected a run, found none. Run `make cv` first.")
    return max(configs, key=lambda path: path.stat().st_mtime).parent
