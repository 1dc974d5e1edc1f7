"""Worker processes that augment: they import no TensorFlow and leave Ctrl-C to the caller."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from multiprocessing import resource_tracker
from threading import Thread


def start_workers(count: int) -> Executor:
    """Start `count` processes, ready for `augment_faces`; shut the executor down to end them.

    joblib's processes rather than the standard library's: those would run the caller's script
    again, and with it the import of TensorFlow, and forked ones would copy TensorFlow's locks.
    """
    from joblib.externals.loky import ProcessPoolExecutor

    resource_tracker.ensure_running()  # its own start would lift the mask
    pool = ProcessPoolExecutor(count, initializer=_prepare, initargs=(os.getpid(),))
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


def _prepare(parent: int) -> None:
    """End with the parent, even if it is killed; import now, not in the first batch."""
    Thread(target=_end_with, args=(parent,), daemon=True).start()
    import albumentations  # noqa: F401


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
