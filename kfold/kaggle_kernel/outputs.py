"""What a session puts out: a zip of each training as soon as it is finished, and how it ended.

A session that is cut off has put out what it had finished until then.
"""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

from kfold.runs.task import DIVERGED, DONE, FAILED, Task

ENDED = "ended.json"
"""Exit code of the trainings, and the machine with its packages; written last."""


def archive_name(task: Task) -> str:
    """File name of a training's zip."""
    return f"{task.model}.seed{task.seed}.fold{task.fold}.zip"


def put_out(run: Path, working: Path, max_output: int, ended: bool = False) -> bool:
    """Write the zips of trainings that have none yet.

    Args:
        run: folder of the run.
        working: where the zips go.
        max_output: bytes of all of them.
        ended: whether no training goes on: those without a result say why.

    Returns:
        Whether there was room for all.
    """
    names = (DONE, DIVERGED, FAILED) if ended else (DONE,)
    for last in sorted(path for name in names for path in run.glob(f"*/seed*/fold*/{name}")):
        folder = last.parent
        model, seed, fold = folder.relative_to(run).parts
        target = working / archive_name(
            Task(model, int(seed.removeprefix("seed")), int(fold.removeprefix("fold")))
        )
        if target.exists():
            continue
        files = [path for path in folder.iterdir() if not path.name.startswith(".")]
        size = sum(path.stat().st_size for path in (*files, *working.iterdir()))
        if size > max_output:
            return False
        _write_zip(target, files if last.name == DONE else [last])
    return True


def write_ended(working: Path, code: int, machine: dict[str, Any]) -> None:
    """Write how the trainings ended."""
    (working / ENDED).write_text(json.dumps({"code": code, "machine": machine}))


def _write_zip(target: Path, files: list[Path]) -> None:
    partial = target.with_name(f".{target.name}")
    with zipfile.ZipFile(partial, "w") as archive:
        for path in files:
            archive.write(path, path.name)
    os.replace(partial, target)
