"""Rows and fields of the competition's CSV files.

Differences that tools leave behind are read: quotes, a byte order mark, Windows line ends, blank
lines. Everything else is refused with its line and column.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Collection, Iterator
from typing import BinaryIO

from data.system.errors import UserError

_BOM = b"\xef\xbb\xbf"

_BLANK = b" \t\r\n,"
"""Bytes of a line without text; spreadsheets append lines of commas."""


def read_rows(
    file: BinaryIO, name: str, header: tuple[str, ...], widths: Collection[int] = ()
) -> Iterator[tuple[str, list[bytes]]]:
    """Yield the place and the fields of each row below the header.

    Args:
        file: a CSV file in UTF-8.
        name: its name, for errors.
        header: the columns it must have.
        widths: numbers of fields that a row may have, as many as the header's by default.

    Raises:
        UserError: the header or the number of fields differs, or there is no row.
    """
    _check_header(file.readline(), name, header)
    widths = widths or (len(header),)
    empty = True
    for number, line in enumerate(file, 2):
        if not line.strip(_BLANK):
            continue
        where = f"{name}, line {number}"
        fields = _split(line, where) if b'"' in line else line.rstrip(b"\r\n").split(b",")
        if len(fields) not in widths:
            raise UserError(f"{where}: expected {min(widths)} fields, found {len(fields)}.")
        empty = False
        yield where, fields
    if empty:
        raise UserError(f"{name}: expected rows below the header, found none. Run `make download`.")


def _split(line: bytes, where: str) -> list[bytes]:
    """Fields of a line with quotes; much slower than `split`."""
    try:
        (fields,) = csv.reader([line.decode(errors="replace")], strict=True)
    except csv.Error as error:
        raise UserError(f"{where}: expected CSV, found none ({error}).") from None
    return [field.encode() for field in fields]


def _check_header(line: bytes, name: str, expected: tuple[str, ...]) -> None:
    """Compare the first line of file `name` with the competition's columns.

    Raises:
        UserError: the file is empty or a column differs; names the first that does.
    """
    if not line.strip():
        raise UserError(f"{name}: expected a header, found an empty file. Run `make download`.")
    if b"\r" in line.rstrip(b"\r\n"):
        raise UserError(f"{name}: expected lines that end in LF, found CR. Save it as CSV again.")
    fields = _split(line.removeprefix(_BOM), f"{name}, line 1")
    found = [field.decode() for field in fields]
    if tuple(found) != expected:
        pairs = enumerate(zip(found, expected, strict=False), 1)
        column, wrong, right = next(
            ((i, f, e) for i, (f, e) in pairs if f != e), (len(found), found[-1], expected[-1])
        )
        raise UserError(
            f"{name}, line 1: expected {len(expected)} columns with {right!r} as column {column}, "
            f"found {len(found)} with {wrong[:40]!r}. {_cause(line, found, expected)}"
        )


def _cause(line: bytes, found: list[str], expected: tuple[str, ...]) -> str:
    """Why a header probably differs."""
    if line.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "It is in UTF-16: save it as UTF-8."
    if tuple(found[1:]) == expected:
        return "Its first column is an index: save it without, by `to_csv(index=False)`."
    if sorted(found) == sorted(expected):
        return "Its columns are in another order: put them back."
    if tuple(name.strip() for name in found) == expected:
        return "Remove the blanks around the names."
    if len(found) == 1 and set(found[0]) & set(";\t"):
        return "Save it with commas between the fields."
    return "Is it the file of another competition?"


def parse_id(field: bytes, column: str, where: str) -> int:
    """Parse an ImageId or RowId.

    Raises:
        UserError: not a positive whole number.
    """
    # Up to 18 digits always fit into an int64.
    if not (field.isdigit() and len(field) < 19 and int(field) > 0):
        raise UserError(
            f"{where}, column {column}: expected a whole number from 1, "
            f"found {field[:40].decode(errors='replace')!r}."
        )
    return int(field)


def parse_decimal(text: str) -> float:
    """Parse a decimal number in ASCII; NaN if the text is something else.

    Python's own `float` reads "6_1.5" as 61.5, and digits of other scripts.
    """
    try:
        return float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        return math.nan
