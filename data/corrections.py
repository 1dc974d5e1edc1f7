"""Read corrections of training labels from a CSV file, such as a report's suspects.csv."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from data.competition import IMAGE_SIZE, KEYPOINTS
from data.csv_fields import parse_decimal
from data.faces import Faces
from data.system.csv_text import read_csv_text
from data.system.errors import UserError

COLUMNS = ("row", "keypoint", "action", "x", "y")
"""Columns that must be there."""

DATA = "data"
"""Optional column with the start of the data's checksum; further columns are for people."""

DATA_DIGITS = 16
"""Hex digits of the checksum in that column."""

ACTIONS = ("drop", "set", "keep")


@dataclass(frozen=True)
class Correction:
    """One line of a file of corrections.

    Attributes:
        where: file and line, for messages.
        row: index of the face.
        keypoints: indices of the keypoints that it is about.
        action: `drop` removes their labels; `set` moves the label of a keypoint to `position`;
            `keep` says that a row's labels were looked at and are right, and changes nothing.
        position: (x, y) in pixels; NaN unless the action is `set`.
    """

    where: str
    row: int
    keypoints: tuple[int, ...]
    action: str
    position: tuple[float, float]


def read_corrections(path: Path, faces: Faces, checksum: str) -> tuple[Faces, int]:
    """Apply the corrections of a CSV file to training faces.

    Args:
        path: a file with at least `COLUMNS`.
        faces: N faces; the column `row` holds ids of theirs.
        checksum: of the data that the faces are from, in hex.

    Returns:
        The faces with corrected labels, and the number of corrections that drop or set labels.

    Raises:
        UserError: as `parse_corrections`.
    """
    corrections = parse_corrections(path, faces, checksum)
    changes = sum(correction.action != "keep" for correction in corrections)
    return apply_corrections(faces, corrections), changes


def parse_corrections(path: Path, faces: Faces, checksum: str) -> list[Correction]:
    """Read the lines of a CSV file of corrections, in order.

    Args:
        path: a file with at least `COLUMNS`; a row's line without a keypoint is about all of them.
        faces: N faces; the column `row` holds ids of theirs.
        checksum: of the data that the faces are from, in hex.

    Raises:
        UserError: the file is missing or not CSV, a field is invalid, or the corrections were made
            for other data.
    """
    table = _read_table(path)
    _check_data(table, path, checksum)
    index_of = {int(row): index for index, row in enumerate(faces.ids)}
    return [
        _parse_line(fields, index_of, f"{path}, line {line}")
        for line, fields in zip(table.index, table.to_dict("records"), strict=True)
    ]


def apply_corrections(faces: Faces, corrections: Iterable[Correction]) -> Faces:
    """Copy of N faces with corrected labels; the last correction of a label counts."""
    keypoints = faces.keypoints.copy()
    for correction in corrections:
        if correction.action != "keep":
            keypoints[correction.row, list(correction.keypoints)] = correction.position
    return replace(faces, keypoints=keypoints)


def _read_table(path: Path) -> pd.DataFrame:
    try:
        table = read_csv_text(path)
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path}: expected a CSV file of corrections, found none that can be read "
            f"({str(error).strip()})."
        ) from None
    for name in (*COLUMNS, DATA):
        count = list(table.columns).count(name)
        if count > 1 or (not count and name != DATA):
            found = f"{name} appears twice" if count else f"{name} is missing"
            raise UserError(f"{path}, line 1: expected the columns {', '.join(COLUMNS)}, {found}.")
    return table


def _check_data(table: pd.DataFrame, path: Path, checksum: str) -> None:
    """Refuse corrections of other data; without the column, or where it is empty, they fit any."""
    expected = checksum[:DATA_DIGITS]
    stated = table.get(DATA, pd.Series(dtype=str))
    for line, found in stated[(stated != "") & (stated != expected)].head(1).items():
        raise UserError(
            f"{path}, line {line}, column {DATA}: expected corrections of the data at hand, "
            f"{expected}, found those of other data, {found[:40]}. Pass DATA=<folder> with that "
            f"data, or, if the rows are the same, delete the column {DATA}."
        )


def _parse_line(fields: dict[str, str], index_of: dict[int, int], where: str) -> Correction:
    row = _parse_row(fields["row"], index_of, where)
    keypoints = _parse_keypoint(fields, where)
    return Correction(where, row, keypoints, fields["action"], _parse_position(fields, where))


def _parse_row(text: str, index_of: dict[int, int], where: str) -> int:
    """Index of the face with this id."""
    row = int(text) if re.fullmatch("[0-9]{1,9}", text) else None
    if row not in index_of:
        last = max(index_of)
        raise UserError(
            f"{where}, column row: expected a row from 0 to {last}, found {text[:40]!r}."
        )
    return index_of[row]


def _parse_keypoint(correction: dict[str, str], where: str) -> tuple[int, ...]:
    """Indices of the keypoints that a line is about."""
    name, action = correction["keypoint"], correction["action"]
    if name and action == "keep":
        raise UserError(f"{where}, column keypoint: expected none to keep a row, found {name!r}.")
    if name in KEYPOINTS:
        return (KEYPOINTS.index(name),)
    if name or action == "set":
        raise UserError(
            f"{where}, column keypoint: expected one of {', '.join(KEYPOINTS)}, found {name!r}."
        )
    return tuple(range(len(KEYPOINTS)))


def _parse_position(correction: dict[str, str], where: str) -> tuple[float, float]:
    """New x and y of a label; NaN unless it is set."""
    if correction["action"] not in ACTIONS:
        raise UserError(
            f"{where}, column action: expected {', '.join(ACTIONS[:-1])} or {ACTIONS[-1]}, "
            f"found {correction['action']!r}."
        )
    if correction["action"] != "set":
        return np.nan, np.nan
    x, y = parse_decimal(correction["x"]), parse_decimal(correction["y"])
    if not (0 <= x <= IMAGE_SIZE and 0 <= y <= IMAGE_SIZE):
        raise UserError(
            f"{where}, columns x and y: expected pixels from 0 to {IMAGE_SIZE}, "
            f"found {correction['x'][:40]!r} and {correction['y'][:40]!r}."
        )
    return x, y
