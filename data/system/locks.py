"""Locks on folders: one command at a time works in each."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold an exclusive lock on `folder`, created if missing; a killed process loses its lock.

    Removes the folder afterwards if it created it and it is still empty.
    """
    created = not folder.exists()
    descriptor = _acquire(folder)
    try:
        yield
    finally:
        if created:
            with suppress(OSError):  # not empty
                folder.rmdir()
        os.close(descriptor)


def _acquire(folder: Path) -> int:
    """Wait for the lock and return the folder's descriptor; closing it releases the lock."""
    from filelock import lock_descriptor

    while True:
        folder.mkdir(parents=True, exist_ok=True)
        # The folder itself is locked, so that no lock file remains in it.
        descriptor = os.open(folder, os.O_RDONLY)
        if not lock_descriptor(descriptor, blocking=False):
            print(f"Waiting for another command that is at work in {folder}", file=sys.stderr)
            lock_descriptor(descriptor)
        # The previous holder may have removed the folder, and another command created it again.
        if folder.exists() and os.path.samestat(os.fstat(descriptor), folder.stat()):
            return descriptor
        os.close(descriptor)
