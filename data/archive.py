"""Take the competition's four files out of a folder or zip; trust nothing in it."""

from __future__ import annotations

import lzma
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data.competition import FILES
from data.errors import UserError
from data.files import OUTER_ZIP, locate
from data.kaggle_credentials import RULES_PAGE

LARGEST = 1 << 30
"""Bytes that a file may unpack to; the largest of Kaggle's, training.csv, has a quarter of that."""


def gather(source: Path, files: Path) -> None:
    """Copy or unpack the four files from a folder or a zip of them into the new folder `files`.

    Raises:
        UserError: one is missing, or a zip is damaged, cut off, too large or no zip at all.
    """
    if not source.exists():
        raise UserError(f"{source}: expected a folder or zip with {', '.join(FILES)}, found none.")
    files.mkdir()
    held = [locate(source, name) for name in FILES] if source.is_dir() else [source]
    for path in dict.fromkeys(held):
        if path.name == OUTER_ZIP or path == source:
            _unpack(path, files)
        else:
            shutil.copyfile(path, files / path.name)
    for path in files.glob("*.zip"):
        with _open_zip(path):
            pass


def _unpack(path: Path, files: Path) -> None:
    """Unpack the four files, plain or in zips of their own, and nothing else."""
    with _open_zip(path) as archive:
        held = archive.namelist()
        for name in FILES:
            found = [form for form in forms(name) if form in held]
            if not found:
                raise UserError(
                    f"{path}: expected {' or '.join(forms(name))} in it, found "
                    f"{', '.join(held)[:200] or 'nothing'}. Is it the zip of another competition?"
                )
            with archive.open(found[0]) as packed, (files / found[0]).open("wb") as file:
                shutil.copyfileobj(packed, file)  # compares the checksum at the end


@contextmanager
def _open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip that holds nothing too large; damage found inside the block is told, too."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if members and min(member.header_offset for member in members) != 0:
                # Of a zip that is cut off, the zip in it at the end would be read instead.
                raise zipfile.BadZipFile
            for member in members:
                if member.file_size > LARGEST:
                    raise UserError(
                        f"{path}: expected files of at most {LARGEST >> 20} MB in it, found "
                        f"{member.filename[:80]!r} with {member.file_size >> 20} MB."
                    )
            yield archive
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, ValueError):
        with path.open("rb") as file:
            start = file.read(64).lstrip()
        found = "a cut-off or damaged one" if start.startswith(b"PK") else "something else"
        if start.startswith(b"<"):
            found = f"a web page (are the rules accepted? {RULES_PAGE})"
        raise UserError(
            f"{path}: expected a complete zip, found {found}. Get it once more."
        ) from None


def forms(name: str) -> tuple[str, str]:
    """Names under which the file `name` may be there, plain and zipped."""
    return name, f"{Path(name).stem}.zip"
