"""`make download`: get the competition's files into a folder, from Kaggle or from a copy."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from data.archive import extract_files
from data.competition import FILES
from data.files import OUTER_ZIP, find, plain_and_zipped
from data.kaggle.credentials import has_credentials, require_credentials
from data.kaggle.fetch import fetch_zip
from data.kaggle.leaderboard import fetch_leaderboard
from data.system.command import run_command
from data.system.errors import UserError
from data.system.locks import locked

if TYPE_CHECKING:
    from data.reader import Competition


@dataclass(frozen=True)
class DownloadOptions:
    """Fetch the competition's files and leaderboard, check them, and read them once.

    Attributes:
        data: the folder that gets them.
        from_: copy the files from this folder, zip or .tar.gz instead of fetching them from Kaggle.
        force: fetch them from Kaggle even if they are there and good.
    """

    data: Path = Path("data/raw")
    from_: Annotated[Path | None, tyro.conf.arg(name="from")] = None
    force: bool = False


def main(options: DownloadOptions) -> None:
    """Leave the four files in `options.data`, complete and valid, or leave the folder as it was.

    Raises:
        UserError: no credentials, Kaggle refuses, or the files are not the competition's.
    """
    existing = None if options.from_ or options.force else _read_existing(options.data)
    if options.from_ is None and existing is None:
        require_credentials()
    competition = existing or _obtain(options)
    faces = f"{len(competition.train)} training and {len(competition.test)} test faces"
    kept = " are there already (FORCE=1 fetches them again)" if existing else ""
    print(f"{options.data}: {faces}{kept}")
    if options.from_ is None and has_credentials():
        _update_leaderboard(options.data)


def _read_existing(folder: Path) -> Competition | None:
    from data.reader import read_competition

    if not any(find(folder, name) for name in FILES):
        return None
    try:
        return read_competition(folder)
    except UserError as error:
        print(f"{error}\nSo all files are fetched again.", file=sys.stderr)
        return None


def _obtain(options: DownloadOptions) -> Competition:
    """Fetch or copy the files, and install them only if they are valid."""
    from data.reader import read_competition

    with locked(options.data), _work_folder(options.data) as folder:
        source, files = options.from_ or fetch_zip(options.data), folder / "files"
        fetched = source if options.from_ is None else None
        try:
            extract_files(source, files)
            competition = read_competition(files)
        except UserError as error:
            if fetched:
                fetched.unlink()  # invalid; after any other error it is kept and used again
            # The work folder will be gone, and a fetched zip has only a temporary name.
            name = str(options.from_ or OUTER_ZIP)
            message = str(error).replace(str(files), name).replace(str(source), name)
            raise UserError(message) from None
        _install(files, options.data)
        if fetched:
            fetched.unlink()
    return competition


@contextmanager
def _work_folder(out: Path) -> Iterator[Path]:
    """Yield an empty folder inside `out`; removes what a killed process left in it."""
    folder = out / ".download"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _install(files: Path, out: Path) -> None:
    """Move the files into place; removes an older plain or zipped copy of the same file."""
    new = {path.name for path in files.iterdir()}
    for name in new:
        os.replace(files / name, out / name)
    for name in FILES:
        for outdated in set(plain_and_zipped(name)) - new:
            (out / outdated).unlink(missing_ok=True)


def _update_leaderboard(out: Path) -> None:
    """Fetch today's leaderboard; on failure an older one serves."""
    try:
        path, teams = fetch_leaderboard(out)
    except (UserError, OSError) as error:
        print(f"{error}\nRanks are estimated from an older leaderboard.", file=sys.stderr)
    else:
        print(f"{path}: the scores of {teams} teams, to estimate ranks from")


if __name__ == "__main__":
    run_command(main, DownloadOptions)
