"""Arrays cached on disk under the checksum of the files they were decoded from."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

import numpy as np

Arrays = dict[str, np.ndarray]


def cached(folder: Path, key: str, build: Callable[[], Arrays], names: Collection[str]) -> Arrays:
    """Return the arrays stored under `key`; builds and stores them if there are none.

    The arrays are read-only, and memory-mapped so that processes share one copy. An entry is stored
    completely or not at all; a damaged one is built again. Where the folder may not be read or
    written, the arrays are built at each call.

    Args:
        folder: of all entries.
        key: names the entry.
        build: makes the arrays.
        names: of the arrays that an entry must hold.
    """
    entry = folder / key
    with suppress(OSError, ValueError):  # absent, not ours to read, or damaged
        return _load(entry, names)
    arrays = build()
    with suppress(OSError, ValueError):  # not ours to write, or no space
        _store(entry, arrays)
        return _load(entry, names)
    for array in arrays.values():
        array.flags.writeable = False
    return arrays


def _load(entry: Path, names: Collection[str]) -> Arrays:
    return {name: np.lib.format.open_memmap(entry / f"{name}.npy", mode="r") for name in names}


def _store(entry: Path, arrays: Arrays) -> None:
    entry.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{entry.name}-"
    with tempfile.TemporaryDirectory(
        prefix=prefix, dir=entry.parent, ignore_cleanup_errors=True
    ) as temporary:
        # Within the temporary folder, which only its owner may read.
        complete, outdated = Path(temporary, "complete"), Path(temporary, "outdated")
        complete.mkdir()
        for name, array in arrays.items():
            np.save(complete / f"{name}.npy", array)
        with suppress(FileNotFoundError):
            os.replace(entry, outdated)  # damaged, or just stored by another process
        os.replace(complete, entry)
