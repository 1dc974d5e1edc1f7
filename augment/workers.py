"""Worker processes that ignore Ctrl-C and end with the process that started them."""

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


def start_workers(
    count: int,
    initializer: Callable[..., None] | None = None,
    initargs: tuple[Any, ...] = (),
    environment: Mapping[str, str] | None = None,
) -> Executor:
    """Start processes for functions; shut the executor down to end them.

    They are joblib's (loky), not the standard library's: spawned ones would run the caller's script
    again, and with it the import of TensorFlow; forked ones would copy TensorFlow's locks.

    Args:
        count: number of processes.
        initializer: called first in each process.
        initargs: arguments of `initializer`, sent once to each process; may contain queues of
            loky's context, and objects of classes that cloudpickle is told to send by value.
        environment: variables that are set before anything is imported.
    """
    from joblib.externals.loky import ProcessPoolExecutor

    resource_tracker.ensure_running()  # if it started later, it would unblock SIGINT
    first = os.getpid(), initializer, initargs
    pool = ProcessPoolExecutor(count, initializer=_initialize, initargs=first, env=environment)
    with _sigint_blocked():
        pool.submit(bool)  # the first task starts all processes
    return pool


@contextmanager
def _sigint_blocked() -> Iterator[None]:
    """Block SIGINT; processes started meanwhile inherit the mask and never receive it."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _initialize(
    parent: int, initializer: Callable[..., None] | None, initargs: tuple[Any, ...]
) -> None:
    """Make this process end with its parent, even if that is killed."""
    Thread(target=_exit_after, args=(parent,), daemon=True).start()
    if initializer:
        initializer(*initargs)


def _exit_after(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
