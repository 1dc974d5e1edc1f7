"""Worker processes that augment: they import no TensorFlow and leave Ctrl-C to the caller."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from multiprocessing import resource_tracker

IDLE = 600
"""Seconds without a task after which a process ends, as it must when its caller was killed."""


def start_workers(count: int) -> Executor:
    """Start `count` processes, ready for `augment_faces`; shut the executor down to end them.

    joblib's processes rather than the standard library's: those would run the caller's script
    again, and with it the import of TensorFlow, and forked ones would copy TensorFlow's locks.
    """
    from joblib.externals.loky import ProcessPoolExecutor

    resource_tracker.ensure_running()  # its own start would lift the mask
    pool = ProcessPoolExecutor(count, timeout=IDLE, initializer=_import_albumentations)
    with _ctrl_c_held():
        pool.submit(bool)  # the first task starts all the processes
    return pool


@contextmanager
def _ctrl_c_held() -> Iterator[None]:
    """Hold Ctrl-C back; a process started meanwhile inherits the mask and never sees it."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _import_albumentations() -> None:
    """Spend the seconds this takes before the first batch is asked for."""
    import albumentations  # noqa: F401
