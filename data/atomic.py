"""Write a file so that it is there whole or not at all."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; it takes the place of `path` if the block succeeds.

    The temporary name keeps the suffix, by which numpy and matplotlib choose a format.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        yield beside
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def remove_partial(folder: Path) -> None:
    """Remove what processes that are no more were writing under `folder`."""
    for beside in folder.rglob(".[0-9]*-*"):
        process = beside.name[1:].partition("-")[0]
        if process.isdigit() and not _alive(int(process)):
            beside.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is somebody else's
        return True
    return True


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 with its own line ends, whole or not at all."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8", newline="")


def write_json(path: Path, value: object) -> None:
    """Write `value` as indented JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=2) + "\n")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make other processes that lock `folder` wait; a killed process keeps no lock.

    A folder that this makes and in which nothing comes to lie is removed again.
    """
    missing = not folder.exists()
    handle = _lock(folder)
    try:
        yield
    finally:
        if missing:
            with suppress(OSError):  # it is not empty
                folder.rmdir()
        os.close(handle)


def _lock(folder: Path) -> int:
    import fcntl

    while True:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"Waiting for another command that is at work in {folder}", file=sys.stderr)
            fcntl.flock(handle, fcntl.LOCK_EX)
        # Who had the lock may have removed the folder, and another made it anew.
        if folder.exists() and os.path.samestat(os.fstat(handle), folder.stat()):
            return handle
        os.close(handle)
