"""Worker processes that leave Ctrl-C to the caller and end with it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from multiprocessing import resource_tracker
from threading import Thread
from typing import Any


def import_augmentation() -> None:
    """Import now, not in the first batch."""
    import albumentations  # noqa: F401


def start_workers(
    count: int,
    prepare: Callable[..., None] = import_augmentation,
    arguments: tuple[Any, ...] = (),
    environment: Mapping[str, str] | None = None,
) -> Executor:
    """Start processes, ready for `augment_faces` or what else; shut the executor down to end them.

    joblib's processes rather than the standard library's: those would run the caller's script
    again, and with it the import of TensorFlow, and forked ones would copy TensorFlow's locks.

    Args:
        count: of the processes.
        prepare: called first in each of them.
        arguments: of `prepare`; may hold queues of loky's context.
        environment: variables that are set before anything is imported.
    """
    from joblib.externals.loky import ProcessPoolExecutor

    resource_tracker.ensure_running()  # its own start would lift the mask
    first = os.getpid(), prepare, arguments
    pool = ProcessPoolExecutor(count, initializer=_begin, initargs=first, env=environment)
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


def _begin(parent: int, prepare: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    """End with the parent, even if it is killed."""
    Thread(target=_end_with, args=(parent,), daemon=True).start()
    prepare(*arguments)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
