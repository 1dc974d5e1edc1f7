"""`make submissions`: ask for the scores that are missing, print every submission."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import UserError, run_command

if TYPE_CHECKING:
    from rich.table import Table

    from kfold.ledger import Upload

MESSAGE_FITS = 120
"""Columns of a terminal that shows messages, too."""


@dataclass(frozen=True)
class Options:
    """Ask Kaggle for the scores that are missing, and print every submission."""

    data: Path = Path("data/raw")
    """Folder with the competition's files, whose leaderboard gives the ranks."""


def main(options: Options) -> None:
    """Refresh the ledger and print it; what is known is printed even if Kaggle cannot be asked."""
    from data.kaggle_credentials import has_credentials
    from data.terminal import open_console
    from kfold.ledger import LEDGER, read_ledger
    from kfold.relation import relations
    from kfold.run import RUNS

    console, ledger = open_console(), RUNS / LEDGER
    pending = [row for row in read_ledger(ledger) if not (row.scored or row.error)]
    notes, failure = [], None
    try:
        if pending and has_credentials():
            notes = _refresh(ledger, pending, options.data)
        elif pending:
            notes = ["No Kaggle credentials found (see `make download`): no scores were asked for."]
    except UserError as error:
        failure = error
    rows = read_ledger(ledger)
    if not rows:
        console.print(f"{ledger}: no submissions yet; `make submit` makes one.")
        return
    console.print(_table(ledger, rows, console.width))
    failed = (
        f"Kaggle could not score submission {row.reference}: {row.error}"
        for row in rows
        if row.error
    )
    for line in (*relations(rows), *failed, *notes):
        console.print(str(line))
    if failure:
        raise failure


def _refresh(ledger: Path, pending: list[Upload], data: Path) -> list[str]:
    """Ask for the scores of `pending`, and return what is to be said of those that may get one."""
    from submit.scores import settle
    from submit.upload import wait_for_score

    notes = []
    for row in pending:
        score = wait_for_score(row.reference, limit_s=0)
        if score.status in ("complete", "error"):
            settle(ledger, row, score, data)
        elif score.status == "hidden":
            notes.append(f"Kaggle has no score of submission {row.reference}: {score.error}")
        else:
            notes.append(f"Kaggle is still scoring submission {row.reference}.")
    return notes


def _table(ledger: Path, rows: list[Upload], width: int) -> Table:
    """All of the ledger that fits: a message repeats what other columns tell."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=f"{ledger}", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("time (UTC)", "run"):
        table.add_column(name, overflow="fold")
    for name in ("OOF", "public", "private", "rank", "reference"):
        table.add_column(name, justify="right", no_wrap=True)
    if width >= MESSAGE_FITS:
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
    run_command(main, Options)
