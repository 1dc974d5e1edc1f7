"""Errors meant for the person at the keyboard."""

from __future__ import annotations

CONTINUES = "what is finished is kept, the same command, without FORCE=1, continues"
"""Advice after an interruption; FORCE=1 would start again."""


class UserError(Exception):
    """A message for the user: what was expected, what was found, where, and what to do next."""
