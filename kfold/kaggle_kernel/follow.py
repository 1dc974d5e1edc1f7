"""Follow a kernel's session to its end: its state, and its log as it comes."""

from __future__ import annotations

import time
from collections.abc import Iterable
from itertools import islice

from rich.console import Console

from data.kaggle.kernels import Kernel, SessionState, live_log, session_state, whole_log

POLL_S = 15.0
"""Seconds between two requests for a state."""

_LAST_LINES = 12
"""Lines of the log that a message about a failure shows."""


def follow(kernel: Kernel, console: Console) -> tuple[SessionState, list[str]]:
    """Wait for the end of a kernel's session, and print its states and its log meanwhile.

    Returns:
        How it ended, and the last lines of its log.

    Raises:
        UserError: Kaggle does not answer; the session goes on.
        KeyboardInterrupt: the user stopped waiting; the session goes on.
    """
    shown: list[str] = []
    before = None
    try:
        while not (state := session_state(kernel)).ended:
            if state != before:
                console.print(f"{kernel.url}: {state.status}")
            before = state
            if state.status == "running":
                _show(live_log(kernel), shown, console)
            time.sleep(POLL_S)
    except KeyboardInterrupt:
        console.print(f"{kernel.url} goes on; its page can cancel it.")
        raise
    _show(whole_log(kernel), shown, console)
    console.print(f"{kernel.url}: {state.status}")
    return state, shown[-_LAST_LINES:]


def _show(log: Iterable[str], shown: list[str], console: Console) -> None:
    """Print the lines of a log, which begins with those that were shown before."""
    for line in islice(log, len(shown), None):
        shown.append(line)
        console.print(f"  {line}")
