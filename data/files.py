"""Find and open the competition's files, in the layouts that people have them in.

The folder that holds IdLookupTable.csv is the competition's; it may lie below the given one, as in
Kaggle's notebooks. Where a file lies there more than once, the first of these is read: plain, in a
zip of its own, plain in a folder of its own, in Kaggle's outer zip.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import os
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from data.competition import FILES, LOOKUP_FILE, SLUG
from data.system.errors import UserError

OUTER_ZIP = f"{SLUG}.zip"
"""Kaggle's one zip of all files; the two large ones are zipped again inside it."""

MAX_FILE_SIZE = 1 << 30
"""Bytes, unpacked. The largest of Kaggle's files, training.csv, has a quarter of that."""

_MAX_DEPTH = 2
"""Levels of folders below the given one that are searched."""

_BUFFER_SIZE = 1 << 20


def plain_and_zipped(name: str) -> tuple[str, ...]:
    """The names that the file `name` can have in a folder, the preferred first."""
    return name, f"{Path(name).stem}.zip", f"{name}.zip"


def _places(name: str) -> tuple[str, ...]:
    """Paths below the competition's folder where the file `name` can lie."""
    return *plain_and_zipped(name), f"{Path(name).stem}/{name}"


_LANDMARKS = (*plain_and_zipped(LOOKUP_FILE), OUTER_ZIP)
"""Names by which the competition's folder is found: those of a file no other competition has."""


def competition_folder(folder: Path) -> Path:
    """Find the competition's folder: `folder` itself or else the nearest one below it.

    Raises:
        UserError: two are equally near.
    """
    if any((folder / name).is_file() for name in _LANDMARKS):
        return folder
    return folder / _nearest_folder(list(_walk(folder)), _LANDMARKS, folder)


def locate(folder: Path, name: str) -> Path:
    """Find the path that holds the file `name`: the file, its own zip, or the outer zip.

    Raises:
        UserError: the folder or the file does not exist, or several folders may be meant.
    """
    if not folder.is_dir():
        raise UserError(_no_folder(folder))
    if path := find(folder, name):
        return path
    found = ", ".join(sorted(path.name for path in folder.iterdir()))[:200] or "nothing"
    raise UserError(
        f"{folder}: expected {name} or {Path(name).stem}.zip or {OUTER_ZIP}, found {found}. "
        "Run `make download`, or pass DATA=<folder>."
    )


def _no_folder(folder: Path) -> str:
    found, advice = "no such folder", "Run `make download`, or pass DATA=<folder>."
    newer = folder.parent / "competitions" / folder.name
    if folder.exists():
        found = "found a file"
        advice = f"`make download FROM={folder}` reads an archive, or pass DATA=<folder>."
    elif newer.is_dir():  # Kaggle's notebooks have had it at either place
        advice = f"Pass DATA={newer}."
    return (
        f"{folder}: {found}. Expected a folder with the competition's files: "
        f"{', '.join(FILES)} (zipped or not). {advice}"
    )


def find(folder: Path, name: str) -> Path | None:
    """Like `locate`; None if the file does not exist."""
    competition = competition_folder(folder)
    paths = (competition / place for place in (*_places(name), OUTER_ZIP))
    return next((path for path in paths if path.is_file()), None)


def find_member(
    members: Collection[str], name: str, where: Path, landmarks: Collection[str] = _LANDMARKS
) -> str:
    """Find the member of an archive that holds the file `name`, plain or in a zip of its own.

    Args:
        members: all names in the archive; they may have folders before them.
        name: one of `FILES`.
        where: the archive, for errors.
        landmarks: names of files of which one lies in the competition's folder.

    Raises:
        UserError: there is none, or several folders may be meant.
    """
    folder = _nearest_folder(members, landmarks, where)
    for path in ((folder / place).as_posix() for place in _places(name)):
        if path in members:
            return path
    raise UserError(
        f"{where}: expected {name}, plain or zipped, in it, found "
        f"{', '.join(members)[:200] or 'nothing'}. Is it the zip of another competition? "
        "Run `make download`."
    )


def _nearest_folder(
    files: Collection[str], landmarks: Collection[str], where: Path
) -> PurePosixPath:
    """The folder nearest to the top with a file of one of these names; the top if there is none.

    Hidden files and folders don't count, nor those that macOS adds to a zip.
    """
    paths = [path for path in map(PurePosixPath, files) if path.name in landmarks]
    folders = {
        path.parent
        for path in paths
        if not any(part.startswith((".", "__MACOSX")) for part in path.parts)
    }
    depth = min((len(folder.parts) for folder in folders), default=0)
    nearest = sorted(folder for folder in folders if len(folder.parts) == depth)
    if len(nearest) > 1:
        raise UserError(
            f"{where}: expected the competition's files in one folder, found "
            f"{' and '.join(map(str, nearest))}. Pass one of them, or remove the others."
        )
    return nearest[0] if nearest else PurePosixPath()


def _walk(folder: Path) -> Iterator[str]:
    """Paths of the files in a folder and in those a few levels below, relative to it."""
    for root, folders, names in os.walk(folder, followlinks=True):
        path = PurePosixPath(Path(root).relative_to(folder))
        visible = [name for name in folders if not name.startswith(".")]
        folders[:] = visible if len(path.parts) < _MAX_DEPTH else []
        yield from ((path / name).as_posix() for name in names)


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
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError) as error:
        raise UserError(
            f"{path}: expected a complete zip with {name}, found a damaged one ({error}). "
            "Delete it and run `make download` again."
        ) from error


@contextmanager
def _open_member(raw: BinaryIO, path: Path, name: str) -> Iterator[BinaryIO]:
    archive = zipfile.ZipFile(raw)
    landmarks = _LANDMARKS if path.name == OUTER_ZIP else (name,)
    found = find_member(archive.namelist(), name, path, landmarks)
    if found.endswith(".zip"):
        archive = zipfile.ZipFile(io.BytesIO(archive.read(found)))
        found = find_member(archive.namelist(), name, path, (name,))
    with archive.open(found) as member:
        yield member  # type: ignore[misc]


def files_digest(folder: Path) -> str:
    """SHA-256, in hex, of the files that hold the competition's four, packed as they are."""
    digest = hashlib.sha256()
    for path in dict.fromkeys(locate(folder, name) for name in FILES):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
