"""Copy or unpack the competition's four files from a folder or zip that may hold anything."""

from __future__ import annotations

import lzma
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data.competition import FILES, RULES_PAGE
from data.files import MAX_FILE_SIZE, OUTER_ZIP, locate, plain_and_zipped
from data.system.errors import UserError


def extract_files(source: Path, target: Path) -> None:
    """Copy or unpack the four files from `source`, a folder or a zip, into the new folder `target`.

    Raises:
        UserError: a file is missing, or a zip is damaged, cut off, too large or not a zip.
    """
    if not source.exists():
        raise UserError(f"{source}: expected a folder or zip with {', '.join(FILES)}, found none.")
    target.mkdir()
    paths = [locate(source, name) for name in FILES] if source.is_dir() else [source]
    for path in dict.fromkeys(paths):
        if path.name == OUTER_ZIP or path == source:
            _unpack(path, target)
        else:
            shutil.copyfile(path, target / path.name)
    for path in target.glob("*.zip"):
        with _open_zip(path):
            pass


def _unpack(path: Path, target: Path) -> None:
    """Unpack the four files, plain or in zips of their own, and nothing else."""
    with _open_zip(path) as archive:
        members = archive.namelist()
        for name in FILES:
            found = [member for member in plain_and_zipped(name) if member in members]
            if not found:
                raise UserError(
                    f"{path}: expected {' or '.join(plain_and_zipped(name))} in it, found "
                    f"{', '.join(members)[:200] or 'nothing'}. Is it the zip of another "
                    "competition?"
                )
            with archive.open(found[0]) as packed, (target / found[0]).open("wb") as file:
                shutil.copyfileobj(packed, file)  # verifies the member's CRC at its end


@contextmanager
def _open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip whose members are all small enough.

    Raises:
        UserError: the zip is damaged; also for damage that the block finds while reading.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if members and min(member.header_offset for member in members) != 0:
                # zipfile reads a cut-off zip as the last zip inside it.
                raise zipfile.BadZipFile
            for member in members:
                if member.file_size > MAX_FILE_SIZE:
                    raise UserError(
                        f"{path}: expected files of at most {MAX_FILE_SIZE >> 20} MB in it, found "
                        f"{member.filename[:80]!r} with {member.file_size >> 20} MB."
                    )
            yield archive
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, ValueError):
        raise UserError(
            f"{path}: expected a complete zip, found {_describe_content(path)}. Get it once more."
        ) from None


def _describe_content(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(64).lstrip()
    if start.startswith(b"<"):
        return f"a web page (are the rules accepted? {RULES_PAGE})"
    return "a cut-off or damaged one" if start.startswith(b"PK") else "something else"
