"""Locks on folders: one command at a time works in each."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold an exclusive lock on `folder`, created if missing; a killed process loses its lock.

    Removes the folder afterwards if it created it and it is still empty. Where the file system
    cannot lock folders (NFS, FUSE), only this user's commands on this machine heed the lock.
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
    """Wait for the lock and return the descriptor that holds it; closing that releases the lock."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        # The folder itself is locked, so that no lock file remains in it.
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            _lock(descriptor, folder)
        except OSError as error:
            os.close(descriptor)
            return _acquire_here(folder, error.strerror or str(error))
        # The previous holder may have removed the folder, and another command created it again.
        if folder.exists() and os.path.samestat(os.fstat(descriptor), folder.stat()):
            return descriptor
        os.close(descriptor)


def _acquire_here(folder: Path, reason: str) -> int:
    """Lock a file that stands for `folder` in the temporary folder, where it is left."""
    print(
        f"{folder}: its file system cannot lock folders ({reason}): run no other command in it "
        "meanwhile, above all on no other machine.",
        file=sys.stderr,
    )
    name = hashlib.sha256(f"{os.getuid()} {folder.resolve()}".encode()).hexdigest()[:16]
    path = Path(tempfile.gettempdir(), f"keypoints-{name}.lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    with suppress(OSError):  # a system without any locks
        _lock(descriptor, folder)
    folder.mkdir(parents=True, exist_ok=True)
    return descriptor


def _lock(descriptor: int, folder: Path) -> None:
    from filelock import lock_descriptor

    if not lock_descriptor(descriptor, blocking=False):
        print(f"Waiting for another command that is at work in {folder}", file=sys.stderr)
        lock_descriptor(descriptor)
