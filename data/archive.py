"""Copy or unpack the competition's four files from a folder or archive that may hold anything."""

from __future__ import annotations

import gzip
import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, cast

from data.competition import FILES, RULES_PAGE
from data.files import MAX_FILE_SIZE, OUTER_ZIP, find_member, locate
from data.system.errors import UserError

Opener = Callable[[], IO[bytes]]
Members = dict[str, Opener]
"""Files in an archive: how to open each, by its path there."""

_TAR_END = 1 << 20
"""Bytes after the last file of a tar, at most; tar fills its last block of 10 KB with zeros."""

_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    ValueError,
)
_KINDS = {
    b"PK": "a cut-off or damaged one",
    b"\x1f\x8b": "a gzip that is cut off, damaged or holds no tar",
    b"<": f"a web page (are the rules accepted? {RULES_PAGE})",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
}
"""Descriptions of files that cannot be unpacked, by their first bytes."""


def extract_files(source: Path, target: Path) -> None:
    """Copy or unpack the four files from `source` into the new folder `target`.

    Args:
        source: a folder, a zip or a tar, packed by gzip, bzip2, xz or not.
        target: gets each file or its own zip, not in folders.

    Raises:
        UserError: a file is missing, or an archive is damaged, cut off, too large or none that can
            be read.
    """
    if not source.exists():
        raise UserError(
            f"{source}: expected a folder, zip or tar with {', '.join(FILES)}, found none."
        )
    target.mkdir()
    paths = {name: locate(source, name) if source.is_dir() else source for name in FILES}
    packed = [name for name, path in paths.items() if path in (source, path.with_name(OUTER_ZIP))]
    for name, path in paths.items():
        if name not in packed:
            shutil.copyfile(path, target / path.name)
    if packed:
        _unpack(paths[packed[0]], packed, target)
    for path in target.glob("*.zip"):
        with _open_archive(path):
            pass


def _unpack(path: Path, names: Sequence[str], target: Path) -> None:
    """Unpack files, plain or in zips of their own, and nothing else."""
    with _open_archive(path) as members:
        for name in names:
            found = find_member(members, name, path)
            with members[found]() as packed, (target / Path(found).name).open("wb") as file:
                shutil.copyfileobj(packed, file)  # verifies the CRC of a zip's member at its end


@contextmanager
def _open_archive(path: Path) -> Iterator[Members]:
    """Open a zip or tar whose files are all small enough.

    Raises:
        UserError: it is damaged or something else; also for damage that the block finds while
            reading.
    """
    with path.open("rb") as file:
        start = file.read(64).lstrip()
    try:
        with _open_zip(path) if start.startswith(b"PK") else _open_tar(path) as members:
            yield members
    except RuntimeError as error:  # a password, or a compression method that zipfile lacks
        raise UserError(
            f"{path}: expected a zip that can be unpacked here, found: {error}. Unpack it, and "
            "pass FROM=<folder>."
        ) from None
    except _DAMAGE:
        kinds = (kind for first, kind in _KINDS.items() if start.startswith(first))
        found = next(kinds, "something else")
        raise UserError(
            f"{path}: expected a complete zip or .tar.gz, found {found}. Get it once more, or "
            "unpack it and pass FROM=<folder>."
        ) from None


@contextmanager
def _open_zip(path: Path) -> Iterator[Members]:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if members and min(member.header_offset for member in members) != 0:
            # zipfile reads a cut-off zip as the last zip inside it.
            raise zipfile.BadZipFile
        for member in members:
            _check_size(path, member.filename, member.file_size)
        # By name, which errors then show.
        yield {member.filename: partial(archive.open, member.filename) for member in members}


@contextmanager
def _open_tar(path: Path) -> Iterator[Members]:
    """Open a tar; nothing in it is written by its own path, and links are left out."""
    members: Members = {}
    with tarfile.open(path) as archive:
        for member in archive:
            _check_size(path, member.name, member.size)  # before its content is unpacked
            if member.isreg():
                name = PurePosixPath(member.name).as_posix()  # often begins with "./"
                members[name] = cast(Opener, partial(archive.extractfile, member))
        cast(IO[bytes], archive.fileobj).read(_TAR_END)  # gzip verifies its CRC at its end
        yield members


def _check_size(path: Path, name: str, size: int) -> None:
    if size > MAX_FILE_SIZE:
        raise UserError(
            f"{path}: expected files of at most {MAX_FILE_SIZE >> 20} MB in it, found "
            f"{name[:80]!r} with {size >> 20} MB."
        )
