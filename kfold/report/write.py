"""Write the report: leaderboard.csv, leaderboard.md, leaderboard.html and suspects.csv."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from data.reader import Competition
from data.system.atomic import write_text
from kfold.labels.duplicates import find_duplicates
from kfold.labels.suspects import Suspect, write_suspects
from kfold.leaderboard.leaderboard import Leaderboard, make_leaderboard
from kfold.leaderboard.suspects import find_suspects
from kfold.leaderboard.tables import print_leaderboard, write_leaderboard
from kfold.report.page import write_page
from kfold.runs.open_run import OpenRun

SUSPECTS = "suspects.csv"


def write_report(runs: Sequence[OpenRun], console: Console) -> Leaderboard:
    """Score runs, write their report, and print the leaderboard.

    Args:
        runs: one or more on the same data.
        console: where the leaderboard is printed.

    Raises:
        UserError: no model is finished on all folds, or the runs are of different data.
    """
    leaderboard = make_leaderboard(runs)
    duplicates = find_duplicates(leaderboard.data.train, runs[0].groups)
    compared, suspects = find_suspects(leaderboard, duplicates)
    write_leaderboard(leaderboard)
    update_suspects(leaderboard.folder / SUSPECTS, suspects, leaderboard.data, console)
    page = write_page(leaderboard, duplicates, compared, suspects)
    print_leaderboard(console, leaderboard)
    for note in leaderboard.notes:
        console.print(note)
    console.print(f"With charts, faces and {len(suspects)} suspects: {page}")
    return leaderboard


def update_suspects(
    path: Path, suspects: Sequence[Suspect], data: Competition, console: Console
) -> None:
    """Write suspects.csv and its SHA-256 beside it; keep a file that was edited by hand."""
    if path.is_file() and _checksum(path) != _recorded_checksum(path):
        console.print(f"{path} was edited by hand and is kept; delete it to get a new one.")
        return
    write_suspects(path, suspects, data.train, data.checksum)
    write_text(_checksum_file(path), _checksum(path))


def _checksum_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _checksum(path: Path) -> str:
    """A file's line for `sha256sum --check`."""
    return f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"


def _recorded_checksum(path: Path) -> str:
    recorded = _checksum_file(path)
    return recorded.read_text() if recorded.is_file() else ""
