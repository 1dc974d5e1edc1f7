"""Arrays kept on disk under the checksum of what they were made from."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

Arrays = dict[str, np.ndarray]


def cached(folder: Path, key: str, build: Callable[[], Arrays]) -> Arrays:
    """Return the arrays stored under `key`, building and storing them first if need be.

    They come memory-mapped and read-only, so that processes share one copy. An entry appears
    whole or not at all: it is written beside its place and renamed into it. One that a lost disk
    or a power cut damaged all the same is built again.
    """
    entry = folder / key
    if not entry.is_dir():
        _store(entry, build())
    try:
        return _load(entry)
    except (EOFError, ValueError):  # what numpy makes of an empty and of a cut file
        shutil.rmtree(entry)
        _store(entry, build())
        return _load(entry)


def _load(entry: Path) -> Arrays:
    return {path.stem: np.load(path, mmap_mode="r") for path in sorted(entry.glob("*.npy"))}


def _store(entry: Path, arrays: Arrays) -> None:
    entry.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{entry.name}-", dir=entry.parent))
    try:
        for name, array in arrays.items():
            np.save(beside / f"{name}.npy", array)
        os.replace(beside, entry)
    except OSError:
        # Another process may have stored the same arrays first; anything else is a real fault.
        if not entry.is_dir():
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
