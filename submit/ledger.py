"""The uploads of a run and what they scored: `runs/<run>/submissions.csv`."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from data.atomic import write_text
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
        reference: Kaggle's number of the submission.
    """

    time: str
    run: str
    checksum: str
    message: str
    out_of_fold: float
    public: float | None
    private: float | None
    reference: int


COLUMNS = tuple(field.name for field in fields(Upload))


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_ledger(path: Path) -> list[Upload]:
    """Read the ledger, oldest row first; a file that is not there is an empty one.

    Raises:
        UserError: other columns, or a row that cannot be read.
    """
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        header = next(rows, [])
        if tuple(header) != COLUMNS:
            raise UserError(
                f"{path}, line 1: expected {','.join(COLUMNS)}, found {','.join(header)!r}. "
                "Restore the file, or move it away to start a new one."
            )
        return [_parse(row, f"{path}, line {rows.line_num}") for row in rows]


def record(path: Path, upload: Upload) -> None:
    """Add a row, or replace the one with the same reference."""
    kept = [row for row in read_ledger(path) if row.reference != upload.reference]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(astuple(row) for row in [*kept, upload])
    write_text(path, text.getvalue())


def find_upload(path: Path, digest: str) -> Upload | None:
    """Find the latest upload of the file with this checksum."""
    rows = [row for row in read_ledger(path) if row.checksum == digest]
    return rows[-1] if rows else None


def refuse_repeat(path: Path, digest: str) -> None:
    """Stop before the same file is uploaded twice.

    Raises:
        UserError: the ledger holds an upload of the file with this checksum.
    """
    if (row := find_upload(path, digest)) is not None:
        score = f"public {row.public}, private {row.private}" if row.public else "no score yet"
        raise UserError(
            f"{path}: this very file was submitted at {row.time} as {row.reference} ({score}). "
            "Nothing was uploaded; pass FORCE=1 to spend another of the day's submissions on it."
        )


def _parse(row: list[str], where: str) -> Upload:
    try:
        time, run, digest, message, out_of_fold, public, private, reference = row
        return Upload(
            time,
            run,
            digest,
            message,
            float(out_of_fold),
            float(public) if public else None,
            float(private) if private else None,
            int(reference),
        )
    except ValueError as error:
        raise UserError(
            f"{where}: expected {','.join(COLUMNS)}, found {','.join(row)!r} ({error}). "
            "Correct or remove the line."
        ) from None
