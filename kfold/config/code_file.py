"""A Python file of the user's, kept as text wherever a recipe that uses it is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import unified_diff
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

from data.system.errors import UserError
from kfold.config.validation import STRICT

_MAX_DIFFERENCE = 12
"""Lines of a difference that are shown."""


@dataclass(frozen=True)
class CodeFile:
    """The text of a file that declares parts of recipes, see `kfold.custom`.

    Two files with the same text are equal, whatever their names.

    Attributes:
        name: of the file, without its folder.
        lines: of its text.
    """

    __pydantic_config__: ClassVar = STRICT

    name: str = field(compare=False)
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(self.lines)

    @property
    def checksum(self) -> str:
        """Start of the text's SHA-256, 8 hex digits."""
        return sha256(self.text.encode()).hexdigest()[:8]

    def difference(self, other: CodeFile) -> str:
        """What changed from this text to another, a line each with '-' or '+'."""
        changes = [
            line
            for line in unified_diff(self.lines, other.lines, n=0, lineterm="")
            if not line.startswith(("---", "+++"))
        ]
        more = len(changes) - _MAX_DIFFERENCE
        shown = changes[:_MAX_DIFFERENCE] + ([f"... and {more} lines more"] if more > 0 else [])
        return "\n".join(f"    {line}" for line in shown)


def read_code_file(path: Path) -> CodeFile:
    """Read a Python file, without running it.

    Raises:
        UserError: there is no such file, or it is no Python or not UTF-8 text.
    """
    if path.suffix != ".py":
        raise UserError(f"{path}: expected a Python file, *.py, for CODE=.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise UserError(f"{path}: expected a Python file for CODE=, found none.") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: expected Python, found a file that is not UTF-8 text.") from None
    return CodeFile(path.name, tuple(text.split("\n")))
