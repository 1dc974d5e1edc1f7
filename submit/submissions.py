"""`make submissions`: fetch missing scores and print all submissions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data.system.command import run_command
from data.system.errors import UserError

if TYPE_CHECKING:
    from rich.table import Table

    from kfold.submissions.ledger import Upload

MESSAGE_WIDTH = 120
"""Columns of a terminal from which on the table has messages, too."""


@dataclass(frozen=True)
class SubmissionsOptions:
    """Ask Kaggle for the scores that are missing, and print every submission."""

    data: Path = Path("data/raw")
    """Folder with the competition's files, whose leaderboard gives the ranks."""


def main(options: SubmissionsOptions) -> None:
    """Update the ledger and print it, even if a request to Kaggle fails.

    Raises:
        UserError: a request failed, or the ledger cannot be read.
    """
    from data.kaggle.credentials import has_credentials
    from data.system.terminal import open_console
    from kfold.runs.locate import RUNS
    from kfold.submissions.correlation import compare_scores
    from kfold.submissions.ledger import LEDGER, read_ledger

    console, ledger = open_console(), RUNS / LEDGER
    pending = [row for row in read_ledger(ledger) if not (row.scored or row.error)]
    notes, failure = [], None
    try:
        if pending and has_credentials():
            notes = _fetch_scores(ledger, pending, options.data)
        elif pending:
            notes = ["No Kaggle credentials found (see `make download`): no scores were asked for."]
    except UserError as error:
        failure = error
    rows = read_ledger(ledger)
    if not rows:
        console.print(f"{ledger}: no submissions yet; `make submit` makes one.")
        return
    console.print(submission_table(ledger, rows, console.width))
    failed = (
        f"Kaggle could not score submission {row.reference}: {row.error}"
        for row in rows
        if row.error
    )
    for line in (*compare_scores(rows), *failed, *notes):
        console.print(str(line))
    if failure:
        raise failure


def _fetch_scores(ledger: Path, pending: list[Upload], data: Path) -> list[str]:
    """Record the scores of `pending` uploads; returns notes on those that still have none."""
    from submit.scores import record_score
    from submit.upload import wait_for_score

    notes = []
    for row in pending:
        score = wait_for_score(row.reference, timeout_s=0)
        if score.status in ("complete", "error"):
            record_score(ledger, row, score, data)
        elif score.status == "hidden":
            notes.append(f"Kaggle has no score of submission {row.reference}: {score.error}")
        else:
            notes.append(f"Kaggle is still scoring submission {row.reference}.")
    return notes


def submission_table(ledger: Path, rows: list[Upload], width: int) -> Table:
    """The ledger as a table for a terminal of `width` columns; messages only if they fit."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=f"{ledger}", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("time (UTC)", "run"):
        table.add_column(name, overflow="fold")
    for name in ("OOF", "public", "private", "rank", "reference"):
        table.add_column(name, justify="right", no_wrap=True)
    if width >= MESSAGE_WIDTH:
        table.add_column("message", overflow="fold")
    for row in rows:
        unknown = "error" if row.error else "-"
        scores = (
            unknown if score is None else f"{score:.5f}"
            for score in (row.out_of_fold, row.public, row.private)
        )
        rank = "-" if row.rank is None else str(row.rank)
        time = row.time[:16].replace("T", " ")
        cells = [time, row.run, *scores, rank, str(row.reference), row.message]
        table.add_row(*cells[: len(table.columns)])
    return table


if __name__ == "__main__":
    run_command(main, SubmissionsOptions)
