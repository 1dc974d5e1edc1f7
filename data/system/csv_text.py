"""Read a CSV file that people edit, so that every fault can be reported with its line."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd


def read_csv_text(path: Path) -> pd.DataFrame:
    """Read all fields of a CSV file as text; the index holds line numbers, the header is line 1.

    Lines without text are left out, as spreadsheets append them. Fields that a short line lacks
    are empty.

    Raises:
        OSError: the file cannot be opened.
        ValueError: it is not UTF-8, a line has more fields than the header, or a quote is not
            closed.
    """
    try:
        cells = pd.read_csv(
            path,
            header=None,  # else a line with too many fields would shift the columns
            dtype=str,
            na_filter=False,
            skip_blank_lines=False,
            encoding="utf-8-sig",  # spreadsheets write a byte order mark
        )
    except pd.errors.EmptyDataError:
        return pd.DataFrame()
    except pd.errors.ParserError as error:
        raise ValueError(_with_lines(str(error))) from None
    line_breaks = cells.apply(lambda column: column.str.count("\n")).sum(axis="columns")
    cells.index = 1 + (1 + line_breaks).shift(fill_value=0).cumsum()
    table = cells.iloc[1:].set_axis(list(cells.iloc[0]), axis="columns")
    return table[(table != "").any(axis="columns")]


def _with_lines(message: str) -> str:
    """Pandas's message with lines from 1 in place of its rows from 0."""
    reason = message.strip().removeprefix("Error tokenizing data. C error: ")
    return re.sub(r"\brow (\d+)", lambda match: f"line {int(match[1]) + 1}", reason)
