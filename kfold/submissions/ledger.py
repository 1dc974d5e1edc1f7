"""Every upload and its scores: `runs/submissions.csv`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import BeforeValidator, FiniteFloat, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from data.system.atomic import write_csv
from data.system.csv_text import read_csv_text
from data.system.errors import UserError
from data.system.locks import locked


def _refuse_underscores(value: object) -> object:
    if isinstance(value, str) and "_" in value:  # pydantic reads "6_1.5" as 61.5
        raise PydanticCustomError("number", "Input should be a number")
    return value


_Plain = BeforeValidator(_refuse_underscores)
_Score = Annotated[FiniteFloat, _Plain]


@dataclass(frozen=True)
class Upload:
    """One row of the ledger.

    Attributes:
        time: of the upload, UTC, ISO 8601.
        run: the run that made the file.
        checksum: SHA-256 of the file, in hex.
        message: the description given to Kaggle.
        out_of_fold: the run's own estimate of the score, RMSE in pixels.
        public: RMSE on Kaggle's public half, None while unknown.
        private: RMSE on Kaggle's private half, None while unknown.
        rank: estimated rank of `private` on Kaggle's leaderboard, None while unknown.
        reference: Kaggle's number of the submission.
        error: Kaggle's reason why it could not score the file; else empty.
    """

    time: str
    run: str
    checksum: str
    message: str
    out_of_fold: _Score
    public: _Score | None = None
    private: _Score | None = None
    rank: Annotated[int, _Plain] | None = None
    reference: Annotated[int, _Plain] = field(kw_only=True)
    error: str = field(default="", kw_only=True)

    @property
    def scored(self) -> bool:
        """Whether the scores are known."""
        return self.public is not None

    @property
    def state(self) -> str:
        """Its state in words."""
        if self.error:
            return f"error: {self.error}"
        return "scored" if self.scored else "no score yet"


LEDGER = "submissions.csv"
"""Name of the file, in the folder of all runs."""

COLUMNS = tuple(column.name for column in fields(Upload))
NULLABLE = ("public", "private", "rank")
"""Columns whose empty fields mean None."""

_RESTORE = "Or restore the file, or move it away: what Kaggle has is not sent again."


def read_ledger(path: Path) -> list[Upload]:
    """Read the ledger, oldest row first; a missing file is an empty ledger.

    Raises:
        UserError: the file has other columns, or a field is invalid.
    """
    if not path.exists():
        return []
    try:
        table = read_csv_text(path)
    except ValueError as error:
        raise UserError(
            f"{path}: expected CSV in UTF-8, found something else ({str(error).strip()}). Save it "
            f"as that, with commas. {_RESTORE}"
        ) from None
    if tuple(table.columns) != COLUMNS:
        raise UserError(
            f"{path}, line 1: expected {','.join(COLUMNS)}, found "
            f"{','.join(table.columns)[:200]!r}. Save it as CSV with commas. {_RESTORE}"
        )
    return _validate(table, path)


def _validate(table: pd.DataFrame, path: Path) -> list[Upload]:
    rows = [
        {name: text for name, text in row.items() if text or name not in NULLABLE}
        for row in table.to_dict("records")
    ]
    try:
        return TypeAdapter(list[Upload]).validate_python(rows)
    except ValidationError as error:
        fault = error.errors()[0]
    row, column = fault["loc"][:2]
    expected = fault["msg"].removeprefix("Input should be ").partition(",")[0]
    raise UserError(
        f"{path}, line {table.index[int(row)]}, column {column}: expected {expected}, "
        f"found {fault['input']!r}. Correct or remove the line."
    )


@contextmanager
def open_ledger(path: Path) -> Iterator[list[Upload]]:
    """Lock the ledger, yield its rows to change, and write them if the block succeeds.

    Raises:
        UserError: the ledger cannot be read.
    """
    with locked(path.parent):
        rows = read_ledger(path)
        before = list(rows)
        yield rows
        if rows != before:
            _write(path, rows)


def _write(path: Path, rows: list[Upload]) -> None:
    # Of type object, which keeps whole numbers whole beside None.
    table = pd.DataFrame(map(astuple, rows), columns=COLUMNS, dtype=object)
    # Python's csv quotes a lone "\r" inside a message only if lines end in "\r\n".
    write_csv(path, table, lineterminator="\r\n")


def replace_row(rows: list[Upload], new: Upload) -> None:
    """Replace the row that has the same reference as `new`."""
    rows[:] = [new if row.reference == new.reference else row for row in rows]


def find_upload(rows: Sequence[Upload], checksum: str) -> Upload | None:
    """Find the latest upload of the file with this checksum."""
    # By reference, because a spreadsheet may have sorted the rows.
    same = [row for row in rows if row.checksum == checksum]
    return max(same, key=lambda row: row.reference, default=None)
