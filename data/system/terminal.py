"""The console that commands print to."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

LOG_WIDTH = 200
"""Columns of a table that is written to a file or pipe."""


def open_console() -> Console:
    """A console on standard output, as wide as the terminal; a file or pipe gets full tables."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else LOG_WIDTH
    # Paths and foreign messages may contain square brackets, which rich would take for markup.
    return Console(width=width, highlight=False, markup=False, soft_wrap=True)
