"""Read credential files as browsers, editors and shells save them, on Windows, too."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from data.system.errors import UserError


def expanded(path: str) -> Path:
    """A path with the home folder for its `~`, which stays where nothing says what that is."""
    return Path(os.path.expanduser(path))


def find_file(path: Path) -> Path | None:
    """Find a file; else the newest one with a name that is given to it when it is saved.

    Browsers add a number to a second download, and Windows a hidden suffix: `kaggle (1).json`,
    `kaggle.json.txt`.
    """
    if os.path.exists(path):  # not Path.exists, which fails in a folder of another user
        return path
    name = re.compile(
        rf"{re.escape(path.stem)} ?(\(\d+\))?{re.escape(path.suffix)}(\.txt)*", re.IGNORECASE
    )
    found = [other for other in files_in(path.parent) if name.fullmatch(other.name)]
    return max(found, key=lambda other: other.stat().st_mtime, default=None)


def files_in(folder: Path) -> list[Path]:
    """The files in a folder, by name; none in a folder that is missing or another user's."""
    try:
        return sorted(path for path in folder.iterdir() if path.is_file())
    except OSError:
        return []


def read_text(path: Path) -> str:
    """Read text in UTF-8, UTF-16 or UTF-32, without a byte-order mark and what `cleaned` removes.

    Raises:
        UserError: the file cannot be read, or it is no text.
    """
    try:
        content = path.read_bytes()
        return cleaned(content.decode(json.detect_encoding(content)))
    except OSError as error:
        raise UserError(
            f"{path}: cannot be read ({error.strerror}). Correct that, then run this again."
        ) from None
    except UnicodeDecodeError:
        raise UserError(
            f"{path}: expected text in UTF-8, found other bytes. Save it again as plain text."
        ) from None


def read_json(path: Path, advice: str) -> dict[str, str]:
    """Read the texts and numbers of a JSON object.

    Raises:
        UserError: the file cannot be read, or holds something else: ends with `advice`, and never
            quotes the content.
    """
    try:
        values = json.loads(read_text(path))
    except ValueError as error:
        raise UserError(
            f"{path}: expected JSON, found something else ({error}). {advice}"
        ) from None
    if not isinstance(values, dict):
        raise UserError(f"{path}: expected JSON in braces, found none. {advice}")
    return {name: str(value) for name, value in values.items() if isinstance(value, str | int)}


def cleaned(text: str) -> str:
    """Text without the blanks, line breaks and quotes around it."""
    return text.strip().strip("\"'`\u201c\u201d\u2018\u2019").strip()
