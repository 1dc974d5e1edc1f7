"""Checks that the readers of the competition's CSV files share."""

from __future__ import annotations

from data.system.errors import UserError

_BOM = b"\xef\xbb\xbf"


def check_header(line: bytes, name: str, expected: tuple[str, ...]) -> None:
    """Compare the first line of file `name` with the competition's columns.

    Raises:
        UserError: the file is empty or a column differs; names the first that does.
    """
    if not line.strip():
        raise UserError(f"{name}: expected a header, found an empty file. Run `make download`.")
    found = line.removeprefix(_BOM).decode(errors="replace").strip("\r\n").split(",")
    if tuple(found) != expected:
        pairs = enumerate(zip(found, expected, strict=False), 1)
        column, wrong, right = next(
            ((i, f, e) for i, (f, e) in pairs if f != e), (len(found), found[-1], expected[-1])
        )
        raise UserError(
            f"{name}, line 1: expected {len(expected)} columns with {right!r} as column {column}, "
            f"found {len(found)} with {wrong[:40]!r}. Is it the file of another competition?"
        )


def parse_id(text: str, column: str, where: str) -> int:
    """Parse an ImageId or RowId.

    Raises:
        UserError: not a positive whole number.
    """
    # Up to 18 digits always fit into an int64.
    if not (text.isascii() and text.isdigit() and len(text) < 19 and int(text) > 0):
        raise UserError(
            f"{where}, column {column}: expected a whole number from 1, found {text[:40]!r}."
        )
    return int(text)
