"""Every upload and what it scored: `runs/submissions.csv`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path

from data.atomic import locked, write_text
from data.errors import UserError


@dataclass(frozen=True)
class Upload:
    """One row of the ledger.

    Attributes:
        time: when it was uploaded, UTC, ISO 8601.
        run: the run that made the file.
        checksum: SHA-256 of the file, in hex.
        message: the description given to Kaggle.
        out_of_fold: the run's own estimate of the score, RMSE in pixels.
        public: RMSE on Kaggle's public half, None while unknown.
        private: RMSE on Kaggle's private half, None while unknown.
        rank: where `private` would stand on Kaggle's leaderboard, None while unknown.
        reference: Kaggle's number of the submission.
        error: Kaggle's own words on why it could not score the file; empty otherwise.
    """

    time: str
    run: str
    checksum: str
    message: str
    out_of_fold: float
    public: float | None = None
    private: float | None = None
    rank: int | None = None
    reference: int = field(kw_only=True)
    error: str = field(default="", kw_only=True)

    @property
    def scored(self) -> bool:
        """Whether Kaggle has told the scores."""
        return self.public is not None

    @property
    def state(self) -> str:
        """What has become of it, in words."""
        if self.error:
            return f"error: {self.error}"
        return "scored" if self.scored else "no score yet"


LEDGER = "submissions.csv"
"""Its name, in the folder of all runs."""

COLUMNS = tuple(column.name for column in fields(Upload))

BEFORE_ERRORS = COLUMNS[:-1]
"""Of ledgers that were begun when errors were not kept yet."""

_RESTORE = "Or restore the file, or move it away: what Kaggle has is not sent again."


def read_ledger(path: Path) -> list[Upload]:
    """Read the ledger, oldest row first; a file that is not there is an empty one.

    Raises:
        UserError: other columns, or a row that cannot be read.
    """
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:  # spreadsheets add a mark
        rows = csv.reader(file)
        try:
            header = next(rows, [])
            if tuple(header) not in (COLUMNS, BEFORE_ERRORS):
                raise UserError(
                    f"{path}, line 1: expected {','.join(COLUMNS)}, found "
                    f"{','.join(header)[:200]!r}. "
                    f"Save it as CSV with commas. {_RESTORE}"
                )
            gap = [""] * (len(COLUMNS) - len(header))
            return [_parse(row + gap, f"{path}, line {rows.line_num}") for row in rows if any(row)]
        except (UnicodeDecodeError, csv.Error) as error:
            raise UserError(
                f"{path}: expected CSV in UTF-8, found something else ({error}). Save it as that, "
                f"with commas. {_RESTORE}"
            ) from None


@contextmanager
def open_ledger(path: Path) -> Iterator[list[Upload]]:
    """Yield the rows to change, and write them if the block succeeds; others wait meanwhile.

    Raises:
        UserError: the ledger cannot be read.
    """
    with locked(path.parent):
        rows = read_ledger(path)
        before = list(rows)
        yield rows
        if rows != before:
            _write(path, rows)


def replace_row(rows: list[Upload], new: Upload) -> None:
    """Put `new` in the place of the row with the same reference."""
    rows[:] = [new if row.reference == new.reference else row for row in rows]


def find_upload(rows: Sequence[Upload], digest: str) -> Upload | None:
    """Find the latest upload of the file with this checksum."""
    # Not by their order: a spreadsheet may have sorted them.
    same = [row for row in rows if row.checksum == digest]
    return max(same, key=lambda row: row.reference, default=None)


def _write(path: Path, rows: list[Upload]) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(astuple(row) for row in rows)
    write_text(path, text.getvalue())


def _parse(row: list[str], where: str) -> Upload:
    try:
        time, run, digest, message, out_of_fold, public, private, rank, reference, error = row
        return Upload(
            time,
            run,
            digest,
            message,
            float(out_of_fold),
            float(public) if public else None,
            float(private) if private else None,
            int(rank) if rank else None,
            reference=int(reference),
            error=error,
        )
    except ValueError as fault:
        raise UserError(
            f"{where}: expected {','.join(COLUMNS)}, found {','.join(row)!r} ({fault}). "
            "Correct or remove the line."
        ) from None
