"""Bring back what a session put out: each training's files into the run's folder."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from data.files import MAX_FILE_SIZE
from data.kaggle.kernels import Kernel, download, output_files
from data.system.atomic import write_json
from data.system.errors import UserError
from kfold.config.validation import read_json
from kfold.kaggle_kernel.outputs import ENDED, archive_name
from kfold.parallel.crossval import task_label
from kfold.runs.predictions import PREDICTIONS
from kfold.runs.run import Run
from kfold.runs.run_config import CONFIG
from kfold.runs.task import DIVERGED, DONE, FAILED, Task
from kfold.runs.training_files import HISTORY, WEIGHTS, write_files

_FILES = {DONE, HISTORY, PREDICTIONS, WEIGHTS, DIVERGED, FAILED}
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, TypeError, KeyError)


def collect(kernel: Kernel, run: Run, tasks: Sequence[Task], console: Console) -> int | None:
    """Fetch the trainings that are not finished here.

    Args:
        kernel: whose session has ended.
        run: whose folder gets the files.
        tasks: the trainings that the kernel was sent.
        console: where each training is named.

    Returns:
        The trainings' exit code; None if the session was cut off.

    Raises:
        UserError: Kaggle does not answer, or a file is damaged; what was fetched until then is
            kept.
    """
    wanted = {archive_name(task): task for task in tasks if not run.summary(*task)}
    code = None
    for file in output_files(kernel):
        if file.name == ENDED:
            code = _ended(run.folder, download(file))
        elif task := wanted.get(file.name):
            write_files(run.fold_folder(*task), _unpack(file.name, download(file)))
            console.print(f"{task_label(task, run)}: fetched{_result(run, task)}")
    return code


def _result(run: Run, task: Task) -> str:
    """Score of a fetched training, or why it has none."""
    if damage := run.damage(*task):
        raise damage
    if summary := run.summary(*task):
        return f", RMSE {summary.rmse:.3f} over all labels"
    return ", which has no result"


def _unpack(name: str, content: bytes) -> dict[str, bytes]:
    """Files of a training by name; others in the zip are left."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [member for member in archive.infolist() if member.filename in _FILES]
            if sum(member.file_size for member in members) > MAX_FILE_SIZE:
                raise ValueError("too large")
            return {member.filename: archive.read(member) for member in members}
    except _DAMAGE as error:
        raise _damaged(name, error) from None


def _ended(folder: Path, content: bytes) -> int:
    """Add the machine to those that the run was made with, and return the exit code."""
    try:
        ended = json.loads(content)
        code, machine = int(ended["code"]), dict(ended["machine"])
    except _DAMAGE as error:
        raise _damaged(ENDED, error) from None
    config: dict[str, Any] = read_json(folder / CONFIG)
    if machine and machine not in config["made_with"]:
        config["made_with"].append(machine)
        write_json(folder / CONFIG, config)
    return code


def _damaged(name: str, error: Exception) -> UserError:
    return UserError(
        f"{name}: expected a file that a kernel put out, found a damaged one ({error}). Run this "
        "again. If that does not help, delete kernel.json in the run's folder: the same command "
        "then has another kernel train what is not here."
    )
