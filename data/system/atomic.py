"""Write a file completely or not at all, even if the power fails."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


_NO_SYNC = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)
"""What file systems answer that cannot say when a file or folder is on the disk."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it replaces `path` if the block succeeds.

    After a power failure `path` is the old or the new file, never an empty or a cut one, and files
    replaced one after the other are there in that order. It costs two waits for the disk, some
    milliseconds; a training writes four files.

    The temporary name keeps the suffix, by which numpy and matplotlib choose a format.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        yield temporary
        _sync(temporary)  # else the new name may be on the disk before the content
        os.replace(temporary, path)
        _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Wait until a file's content, or a folder's names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        os.close(descriptor)


def remove_partial(folder: Path) -> None:
    """Remove the temporary files that dead processes left under `folder`."""
    for temporary in folder.rglob(".[0-9]*-*"):
        process = temporary.name[1:].partition("-")[0]
        if process.isdigit() and not _is_alive(int(process)):
            temporary.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's process
        return True
    return True


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 without changing its line ends."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def write_csv(path: Path, table: pd.DataFrame, lineterminator: str = "\n") -> None:
    """Write a table without its index; missing values become empty fields."""
    write_text(path, table.to_csv(index=False, lineterminator=lineterminator))


def write_json(path: Path, value: object) -> None:
    """Write `value` as indented JSON."""
    write_text(path, json.dumps(value, indent=2) + "\n")
