"""Write everything that a report consists of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from data.reader import Competition
from kfold.report.page import PAGE, write_page
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

    A suspects.csv that was changed since its report was written is left as it is.

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
    by_hand = _changed_by_hand(listed)
    if not by_hand:
        write_suspects(listed, suspects, data.train)
    page = write_page(subject, repeats, suspects)
    if by_hand:
        listed.touch()  # to be the later of the two
        console.print(f"{listed} was changed by hand and is kept; delete it for a new one.")
    print_leaderboard(console, subject.folder, subject.lines)
    if subject.left_out:
        console.print(subject.left_out)
    console.print(f"With charts, faces and {len(suspects)} suspicious rows: {page}")


def _changed_by_hand(suspects: Path) -> bool:
    """Whether the list is not older than the page beside it, which is written seconds after it."""
    page = suspects.with_name(PAGE)
    there = suspects.is_file() and page.is_file()
    return there and suspects.stat().st_mtime_ns >= page.stat().st_mtime_ns
