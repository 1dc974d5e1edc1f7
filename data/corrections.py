"""Read corrections of training labels from a CSV file, such as a report's suspects.csv."""

from __future__ import annotations

import re
from dataclasses import replace
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

ACTIONS = ("drop", "set")


def read_corrections(path: Path, faces: Faces, checksum: str) -> tuple[Faces, int]:
    """Apply the corrections of a CSV file to training faces.

    `drop` removes the label of a keypoint, or of all keypoints where none is named; `set` moves a
    label to x, y in pixels.

    Args:
        path: a file with at least `COLUMNS`.
        faces: N faces; the column `row` holds ids of theirs.
        checksum: of the data that the faces are from, in hex.

    Returns:
        The faces with corrected labels, and the number of corrections.

    Raises:
        UserError: the file is missing or not CSV, a field is invalid, or the corrections were made
            for other data.
    """
    table = _read_table(path)
    _check_data(table, path, checksum)
    keypoints = faces.keypoints.copy()
    index_of = {int(row): index for index, row in enumerate(faces.ids)}
    for line, correction in zip(table.index, table.to_dict("records"), strict=True):
        where = f"{path}, line {line}"
        index = _parse_row(correction["row"], index_of, where)
        points = _parse_keypoint(correction, where)
        keypoints[index, points] = _parse_position(correction, where)
    return replace(faces, keypoints=keypoints), len(table)


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


def _parse_row(text: str, index_of: dict[int, int], where: str) -> int:
    """Index of the face with this id."""
    row = int(text) if re.fullmatch("[0-9]{1,9}", text) else None
    if row not in index_of:
        last = max(index_of)
        raise UserError(
            f"{where}, column row: expected a row from 0 to {last}, found {text[:40]!r}."
        )
    return index_of[row]


def _parse_keypoint(correction: dict[str, str], where: str) -> list[int]:
    """Indices of the keypoints to correct."""
    name = correction["keypoint"]
    if name in KEYPOINTS:
        return [KEYPOINTS.index(name)]
    if name or correction["action"] == "set":
        raise UserError(
            f"{where}, column keypoint: expected one of {', '.join(KEYPOINTS)}, found {name!r}."
        )
    return list(range(len(KEYPOINTS)))


def _parse_position(correction: dict[str, str], where: str) -> tuple[float, float]:
    """New x and y of a label, NaN to drop it."""
    if correction["action"] not in ACTIONS:
        raise UserError(
            f"{where}, column action: expected {' or '.join(ACTIONS)}, "
            f"found {correction['action']!r}."
        )
    if correction["action"] == "drop":
        return np.nan, np.nan
    x, y = parse_decimal(correction["x"]), parse_decimal(correction["y"])
    if not (0 <= x <= IMAGE_SIZE and 0 <= y <= IMAGE_SIZE):
        raise UserError(
            f"{where}, columns x and y: expected pixels from 0 to {IMAGE_SIZE}, "
            f"found {correction['x'][:40]!r} and {correction['y'][:40]!r}."
        )
    return x, y
