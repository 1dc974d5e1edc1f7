"""The journal file of a search: a line for each step, written by one process."""

from __future__ import annotations

import json
import sys
from itertools import takewhile
from pathlib import Path

from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from data.system.atomic import replacing


def open_journal(path: Path) -> JournalStorage:
    """Open or start a journal; says what of it cannot be read, and where that is kept."""
    path.with_name(path.name + ".lock").unlink(missing_ok=True)  # of a killed search
    if path.is_file():
        _repair(path)
    # Optuna's default lock is a symbolic link, which exFAT and mounted drives do not have.
    return JournalStorage(JournalFileBackend(str(path), JournalFileOpenLock(str(path))))


def _repair(path: Path) -> None:
    """Remove blank lines, and all from the first damaged one on: later steps build on earlier ones.

    A killed search leaves half a line, a power failure zeros, an editor blank lines.
    """
    content = path.read_bytes()
    lines = content.splitlines(keepends=True)
    intact = list(takewhile(_is_intact, lines))
    if lost := lines[len(intact) :]:
        aside = path.with_name(path.name + ".damaged")
        aside.write_bytes(b"".join(lost))
        print(
            f"{path}: line {len(intact) + 1} of {len(lines)} cannot be read. The search goes on "
            f"from the lines before it; the rest is in {aside}",
            file=sys.stderr,
        )
    kept = b"".join(line.strip() + b"\n" for line in intact if line.strip())
    if kept != content:
        with replacing(path) as repaired:
            repaired.write_bytes(kept)


def _is_intact(line: bytes) -> bool:
    """Whether a line is blank or a step of Optuna's."""
    try:
        step = json.loads(line)
    except ValueError:
        return not line.strip()
    return isinstance(step, dict) and "op_code" in step
