"""Corrected labels: rows and points to drop or to set, such as a report's suspects.csv."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np

from data.competition import IMAGE_SIZE, KEYPOINTS
from data.errors import UserError
from data.faces import Faces

COLUMNS = ("row", "keypoint", "action", "x", "y")
"""What is read; other columns, such as the reason, are for people."""

ACTIONS = ("drop", "set")


def read_corrections(path: Path, faces: Faces) -> tuple[Faces, int]:
    """Apply the corrections in a CSV file to training faces.

    `drop` takes away the label of a keypoint, or all of a row where no keypoint is named; `set`
    gives a keypoint the position x, y in pixels.

    Args:
        path: the file; its header names at least `COLUMNS`.
        faces: N faces; `row` is one of their ids.

    Returns:
        The faces with corrected labels, and how many lines were applied.

    Raises:
        UserError: the file is missing, or a line of it makes no sense.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # Excel adds a mark
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path}: expected a CSV file of corrections, found none that can be read ({error})."
        ) from None
    lines = csv.DictReader(text.splitlines(), restval="")
    missing = [name for name in COLUMNS if name not in (lines.fieldnames or ())]
    if missing:
        raise UserError(
            f"{path}, line 1: expected the columns {', '.join(COLUMNS)}, {missing[0]} is missing."
        )
    keypoints, applied = faces.keypoints.copy(), 0
    index_of = {int(row): index for index, row in enumerate(faces.ids)}
    try:
        for line in lines:
            where = f"{path}, line {lines.line_num}"
            index, points = _index(line["row"], index_of, where), _points(line, where)
            keypoints[index, points] = _position(line, where)
            applied += 1
    except csv.Error as error:
        raise UserError(
            f"{path}, after line {lines.line_num}: expected a line of CSV, found none ({error})."
        ) from None
    return replace(faces, keypoints=keypoints), applied


def _index(text: str, index_of: dict[int, int], where: str) -> int:
    if not text.isdecimal() or int(text) not in index_of:
        last = max(index_of)
        raise UserError(f"{where}, column row: expected a row from 0 to {last}, found {text!r}.")
    return index_of[int(text)]


def _points(line: dict[str, str], where: str) -> list[int]:
    """Indices of the keypoints that a line is about."""
    name = line["keypoint"]
    if name in KEYPOINTS:
        return [KEYPOINTS.index(name)]
    if name or line["action"] == "set":
        raise UserError(
            f"{where}, column keypoint: expected one of {', '.join(KEYPOINTS)}, found {name!r}."
        )
    return list(range(len(KEYPOINTS)))


def _position(line: dict[str, str], where: str) -> tuple[float, float]:
    """What the labels become: NaN if dropped."""
    if line["action"] not in ACTIONS:
        raise UserError(
            f"{where}, column action: expected {' or '.join(ACTIONS)}, found {line['action']!r}."
        )
    if line["action"] == "drop":
        return np.nan, np.nan
    try:
        x, y = float(line["x"]), float(line["y"])
    except (TypeError, ValueError):
        x = y = np.nan
    if not (0 <= x <= IMAGE_SIZE and 0 <= y <= IMAGE_SIZE):
        raise UserError(
            f"{where}, columns x and y: expected pixels from 0 to {IMAGE_SIZE}, "
            f"found {line['x']!r} and {line['y']!r}."
        )
    return x, y
