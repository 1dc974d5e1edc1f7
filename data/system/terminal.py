"""The console that commands print to."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console

LOG_WIDTH = 200
"""Columns of a table that is written to a file or pipe."""


def open_console(stream: TextIO | None = None) -> Console:
    """A console on `stream`, by default standard output.

    In a terminal it is as wide as that and shows live bars; a file, a pipe or the cell of a
    notebook gets full tables and plain lines.
    """
    from rich.console import Console

    terminal = _is_terminal(stream or sys.stdout)
    return Console(
        file=stream,
        # Else FORCE_COLOR, which notebooks and build servers set, would turn on live bars.
        force_terminal=None if terminal else False,
        width=None if terminal else LOG_WIDTH,
        highlight=False,
        markup=False,  # paths and foreign messages may contain square brackets
        soft_wrap=True,
    )


def _is_terminal(stream: TextIO) -> bool:
    """Whether bars can be drawn again in place.

    `!command` in a notebook has a pseudo-terminal, but its cell shows each drawing once more.
    Jupyter's, Colab's and Kaggle's kernels set JPY_PARENT_PID.
    """
    return stream.isatty() and "JPY_PARENT_PID" not in os.environ
