"""Arrays cached on disk under the checksum of the files they were decoded from."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

Arrays = dict[str, np.ndarray]


def cached(folder: Path, key: str, build: Callable[[], Arrays]) -> Arrays:
    """Return the arrays stored under `key`; builds and stores them if there are none.

    The arrays are memory-mapped and read-only, so that processes share one copy. An entry is
    stored completely or not at all; one that was damaged on disk is built again.
    """
    entry = folder / key
    if not entry.is_dir():
        _store(entry, build())
    try:
        return _load(entry)
    except (EOFError, ValueError):  # numpy's errors for an empty and for a cut-off file
        shutil.rmtree(entry)
        _store(entry, build())
        return _load(entry)


def _load(entry: Path) -> Arrays:
    return {path.stem: np.load(path, mmap_mode="r") for path in sorted(entry.glob("*.npy"))}


def _store(entry: Path, arrays: Arrays) -> None:
    entry.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{entry.name}-", dir=entry.parent))
    try:
        for name, array in arrays.items():
            np.save(temporary / f"{name}.npy", array)
        os.replace(temporary, entry)
    except OSError:
        # Another process may have stored the same arrays first.
        if not entry.is_dir():
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
