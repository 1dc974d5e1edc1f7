"""Read corrections of training labels from a CSV file, such as a report's suspects.csv."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from data.competition import IMAGE_SIZE, KEYPOINTS
from data.faces import Faces
from data.system.csv_text import read_csv_text
from data.system.errors import UserError

COLUMNS = ("row", "keypoint", "action", "x", "y")
"""Columns that are read; others, such as the reason, are for people."""

ACTIONS = ("drop", "set")


def read_corrections(path: Path, faces: Faces) -> tuple[Faces, int]:
    """Apply the corrections of a CSV file to training faces.

    `drop` removes the label of a keypoint, or of all keypoints where none is named; `set` moves a
    label to x, y in pixels.

    Args:
        path: a file with at least `COLUMNS`.
        faces: N faces; the column `row` holds ids of theirs.

    Returns:
        The faces with corrected labels, and the number of corrections.

    Raises:
        UserError: the file is missing or not CSV, or a field is invalid.
    """
    table = _read_table(path)
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
    for name in COLUMNS:
        if (count := list(table.columns).count(name)) != 1:
            found = f"{name} appears twice" if count else f"{name} is missing"
            raise UserError(f"{path}, line 1: expected the columns {', '.join(COLUMNS)}, {found}.")
    return table[list(COLUMNS)]


def _parse_row(text: str, index_of: dict[int, int], where: str) -> int:
    """Index of the face with this id."""
    if not text.isdecimal() or int(text) not in index_of:
        last = max(index_of)
        raise UserError(f"{where}, column row: expected a row from 0 to {last}, found {text!r}.")
    return index_of[int(text)]


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
    try:
        x, y = float(correction["x"]), float(correction["y"])
    except ValueError:
        x = y = np.nan
    if not (0 <= x <= IMAGE_SIZE and 0 <= y <= IMAGE_SIZE):
        raise UserError(
            f"{where}, columns x and y: expected pixels from 0 to {IMAGE_SIZE}, "
            f"found {correction['x']!r} and {correction['y']!r}."
        )
    return x, y
