"""Find a run by its name, or the latest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data.system.errors import UserError
from kfold.config.names import check_model_names, check_name
from kfold.config.validation import read_json, validated
from kfold.runs.fold_table import FOLDS
from kfold.runs.run import Run
from kfold.runs.run_config import CONFIG, JOURNAL, RunConfig

RUNS = Path("runs")
"""The folder of all runs."""


_MAX_JOINED = 100
"""Bytes of a folder's name that joins the names of runs."""


def run_folder(name: str, runs: Path = RUNS) -> Path:
    """The folder of the run called `name`, there or not.

    Raises:
        UserError: the name is no plain one, that of a file, or differs from that of another run by
            upper and lower case only.
    """
    check_name(name, "RUN")
    there = os.listdir(runs) if runs.is_dir() else []
    if name in there:
        if not (runs / name).is_dir():
            raise UserError(f"RUN: {runs / name} is a file; choose another name.")
    elif same := [other for other in there if other.casefold() == name.casefold()]:
        raise UserError(
            f"RUN: {name!r} and the {same[0]!r} in {runs} are one folder where upper and lower "
            f"case do not count; pass RUN={same[0]}, or another name."
        )
    return runs / name


def comparison_folder(runs: Sequence[Run]) -> Path:
    """The folder for a report on several runs: `runs/first+second`; of one run, its own.

    A name of more than 100 bytes is cut: `runs/first+24-others-5f3a9c21`, with the start of a
    SHA-256 over all names.
    """
    names = [run.name for run in runs]
    joined = "+".join(names)
    if len(names) > 1 and len(os.fsencode(joined)) > _MAX_JOINED:
        digest = hashlib.sha256(os.fsencode(joined)).hexdigest()[:8]
        joined = f"{names[0]}+{len(names) - 1}-others-{digest}"
    return runs[0].folder.with_name(joined)


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
            "Run `make cv` or `make folds` first, or pass RUN=<name>."
        )
    try:
        values = read_json(path)
        if not (isinstance(values, dict) and "config" in values):
            raise UserError(f"{path}: expected an object with 'config', found none.")
        read = validated(RunConfig, values["config"], str(path), complete=True)
        check_model_names(read.models, f"{path}: models", read.joined)
    except UserError as error:
        raise UserError(
            f"{error} Restore the file, or pass another RUN=<name>; to a run of before a field "
            "existed, add the value that it was trained with."
        ) from None
    return Run(folder, read)


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
        raise UserError(f"{runs}: expected a run, found none. Run `make cv` or `make folds` first.")
    return max(configs, key=lambda path: path.stat().st_mtime).parent
