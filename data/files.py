"""Find and open the competition's files: plain, zipped, or inside Kaggle's outer zip."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from data.competition import FILES, SLUG
from data.system.errors import UserError

OUTER_ZIP = f"{SLUG}.zip"
"""Kaggle's one zip of all files; the two large ones are zipped again inside it."""

MAX_FILE_SIZE = 1 << 30
"""Bytes, unpacked. The largest of Kaggle's files, training.csv, has a quarter of that."""

UNPACKED = "if there are a packed file and its unpacked copy, which differ, delete the copy"
"""What to do when the `checksum` is not the expected one."""

_BUFFER_SIZE = 1 << 20


def plain_and_zipped(name: str) -> tuple[str, str]:
    """The two names that the file `name` can have in a folder."""
    return name, f"{Path(name).stem}.zip"


def locate(folder: Path, name: str) -> Path:
    """Find the path that holds the file `name`: the file, its own zip, or the outer zip.

    Raises:
        UserError: the folder or the file does not exist.
    """
    if not folder.is_dir():
        raise UserError(
            f"{folder}: no such folder. Expected the competition's files there: {', '.join(FILES)} "
            "(zipped or not). Run `make download`, or pass DATA=<folder>."
        )
    candidates = [folder / candidate for candidate in (*plain_and_zipped(name), OUTER_ZIP)]
    for path in candidates:
        if path.is_file():
            return path
    found = ", ".join(sorted(path.name for path in folder.iterdir())) or "nothing"
    raise UserError(
        f"{folder}: expected {' or '.join(path.name for path in candidates)}, found {found}. "
        "Run `make download`, or pass DATA=<folder>."
    )


@contextmanager
def open_file(folder: Path, name: str) -> Iterator[BinaryIO]:
    """Open the file `name` of `folder` for reading bytes; a zipped one is not unpacked to disk.

    Raises:
        UserError: the file does not exist, or its zip is damaged, cut off, or lacks it.
    """
    path = locate(folder, name)
    try:
        with path.open("rb") as raw:
            if path.suffix == ".zip":
                with _open_member(raw, path, name) as member:
                    yield io.BufferedReader(member, _BUFFER_SIZE)  # type: ignore[type-var]
            else:
                yield raw
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise UserError(
            f"{path}: expected a complete zip with {name}, found a damaged one ({error}). "
            "Delete it and run `make download` again."
        ) from error


@contextmanager
def _open_member(raw: BinaryIO, path: Path, name: str) -> Iterator[BinaryIO]:
    archive = zipfile.ZipFile(raw)
    _, inner = plain_and_zipped(name)
    if name not in archive.namelist() and inner in archive.namelist():
        archive = zipfile.ZipFile(io.BytesIO(archive.read(inner)))
    if name not in archive.namelist():
        raise UserError(
            f"{path}: expected {name} in it, found {', '.join(archive.namelist()) or 'nothing'}. "
            "Is it the zip of another competition? Run `make download`."
        )
    with archive.open(name) as member:
        yield member  # type: ignore[misc]


def checksum(folder: Path) -> str:
    """SHA-256, in hex, of the files that hold the competition's four."""
    digest = hashlib.sha256()
    for path in dict.fromkeys(locate(folder, name) for name in FILES):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
