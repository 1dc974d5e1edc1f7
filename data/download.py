"""Get the competition's files into a folder, from Kaggle or from a copy: `make download`."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from data.archive import forms, gather
from data.atomic import locked
from data.competition import FILES
from data.errors import UserError, run_command
from data.fetch import fetch_zip
from data.files import OUTER_ZIP
from data.kaggle_credentials import has_credentials, require_credentials
from data.standings import STANDINGS_FILE, fetch_standings

if TYPE_CHECKING:
    from data.reader import Competition


@dataclass(frozen=True)
class Download:
    """Fetch the competition's files and leaderboard, check them, and read them once.

    Attributes:
        out: the folder that gets them.
        from_: copy the files from this folder or zip instead of fetching them from Kaggle.
        force: fetch them from Kaggle even if they are there and good.
    """

    out: Path = Path("data/raw")
    from_: Annotated[Path | None, tyro.conf.arg(name="from")] = None
    force: bool = False


def main(config: Download) -> None:
    """Leave the four files in `config.out`, whole and readable, or leave it as it was.

    Raises:
        UserError: no credentials, Kaggle refuses, or the files are not the competition's.
    """
    there = None if config.from_ or config.force else _read_existing(config.out)
    if config.from_ is None and there is None:
        require_credentials()
    competition = there or _obtain(config)
    faces = f"{len(competition.train)} training and {len(competition.test)} test faces"
    kept = " are there already (FORCE=1 fetches them again)" if there else ""
    print(f"{config.out}: {faces}{kept}")
    if config.from_ is None and has_credentials():
        _update_standings(config.out)


def _read_existing(folder: Path) -> Competition | None:
    from data.reader import read_competition

    if not any((folder / f).exists() for f in (OUTER_ZIP, *chain(*map(forms, FILES)))):
        return None
    try:
        return read_competition(folder)
    except UserError as error:
        print(f"{error}\nSo all files are fetched again.", file=sys.stderr)
        return None


def _obtain(config: Download) -> Competition:
    """Get the files, and install them only if they can be read."""
    from data.reader import read_competition

    with locked(config.out), _work_folder(config.out) as folder:
        source, files = config.from_ or fetch_zip(config.out), folder / "files"
        fetched = source if config.from_ is None else None
        try:
            gather(source, files)
            competition = read_competition(files)
        except UserError as error:
            if fetched:
                fetched.unlink()  # of no use; after any other error it need not be fetched again
            # The work folder is gone by the time this is read, and the zip has no such name.
            name = str(config.from_ or OUTER_ZIP)
            message = str(error).replace(str(files), name).replace(str(source), name)
            raise UserError(message) from None
        _install(files, config.out)
        if fetched:
            fetched.unlink()
    return competition


@contextmanager
def _work_folder(out: Path) -> Iterator[Path]:
    """An empty folder beside the files, without what a killed process left in it."""
    folder = out / ".download"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _install(files: Path, out: Path) -> None:
    """Move the files into place; an older form of the same file must not be read instead."""
    new = {path.name for path in files.iterdir()}
    for name in new:
        os.replace(files / name, out / name)
    for name in FILES:
        for form in set(forms(name)) - new:
            (out / form).unlink(missing_ok=True)


def _update_standings(out: Path) -> None:
    """Fetch today's leaderboard; no reason to fail, since there is an older one."""
    try:
        teams = fetch_standings(out)
    except UserError as error:
        print(f"{error}\nRanks are estimated from an older leaderboard.", file=sys.stderr)
    else:
        print(f"{out / STANDINGS_FILE}: the scores of {teams} teams, to estimate ranks from")


if __name__ == "__main__":
    run_command(main, Download)
