"""Make variables as command-line options: `RUN=first` stands for `--run first`."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, get_origin, get_type_hints

from data.system.errors import UserError

_VARIABLE = re.compile(r"([A-Z][A-Z_]*)=(.*)", re.DOTALL)


def to_options(words: Sequence[str], options: type) -> list[str]:
    """Translate NAME=value words into options of a command; other words stay as they are.

    Flags are set by any value but 0, which unsets them; several words of one value are several
    values; an empty value is as good as none.

    Args:
        words: of the command line.
        options: the command's dataclass.

    Raises:
        UserError: a name that the command does not have.
    """
    hints = get_type_hints(options)
    known = {field.name.strip("_").upper(): hints[field.name] for field in fields(options)}
    arguments, unknown = [], []
    for word in words:
        match = _VARIABLE.fullmatch(word)
        if match is None:
            arguments.append(word)
        elif match[1] == "HELP":
            arguments.append("--help")
        elif match[1] in known:
            arguments += _option(match[1], match[2], known[match[1]])
        else:
            unknown.append(f"{match[1]}=")
    if unknown:
        expected = ", ".join(f"{name}=" for name in known) or "none"
        raise UserError(f"unknown variables {', '.join(unknown)}: expected some of {expected}.")
    return arguments


def _option(name: str, value: str, hint: Any) -> list[str]:
    option = name.lower().replace("_", "-")
    flag = f"--{option}"
    if not value:
        return []
    if hint is bool:
        return [flag if value != "0" else f"--no-{option}"]
    if get_origin(hint) is tuple:
        return [flag, *map(_expanded, value.split())]
    return [flag, _expanded(value)]


def _expanded(value: str) -> str:
    """A value with the home folder for a leading ~, which not every shell has replaced."""
    path = os.path.expanduser(value) if value.startswith("~/") else value
    if path.startswith("~/"):
        raise UserError(f"{value}: this user has no home folder. Set HOME, or write it in full.")
    return path
