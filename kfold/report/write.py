"""Write everything that a report consists of."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from data.atomic import write_text
from data.reader import Competition
from kfold.report.page import write_page
from kfold.report.repeats import find_repeats
from kfold.report.subject import open_subject
from kfold.report.suspects import rank_suspects, write_suspects
from kfold.run import Run
from kfold.tables import print_leaderboard, write_leaderboard

SUSPECTS = "suspects.csv"


def write_report(
    runs: Sequence[tuple[Run, np.ndarray]], data: Competition, console: Console
) -> None:
    """Write leaderboard.csv, .md and .html and suspects.csv, and print the leaderboard.

    A suspects.csv that was changed since it was written is left as it is: its SHA-256 is beside it.

    Args:
        runs: one or more of the same data, each with the fold, int (N,), of every training row.
        data: the competition's faces.
        console: where the table is printed.

    Raises:
        UserError: no model is finished on all folds, or the runs are of different data.
    """
    subject = open_subject(runs, data)
    repeats = find_repeats(data.train, runs[0][0])
    suspects = rank_suspects(data.train, subject.oof, repeats.identical)
    write_leaderboard(subject.folder, subject.lines, subject.left_out)
    listed = subject.folder / SUSPECTS
    if listed.is_file() and _checksum(listed) != _read(_beside(listed)):
        console.print(f"{listed} was changed by hand and is kept; delete it for a new one.")
    else:
        write_suspects(listed, suspects, data.train)
        write_text(_beside(listed), _checksum(listed))
    page = write_page(subject, repeats, suspects)
    print_leaderboard(console, subject.folder, subject.lines)
    if subject.left_out:
        console.print(subject.left_out)
    console.print(f"With charts, faces and {len(suspects)} suspicious rows: {page}")


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _checksum(path: Path) -> str:
    """A file's line for `sha256sum --check`."""
    return f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"


def _read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""
