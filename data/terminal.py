"""Where commands print: a terminal as wide as it is, or plain lines that are never wrapped."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

LOG_WIDTH = 200


def open_console() -> Console:
    """A console on standard output; in a file or a pipe, tables keep all their columns."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else LOG_WIDTH
    # Paths and messages of others may hold what looks like markup.
    return Console(width=width, highlight=False, markup=False, soft_wrap=True)
