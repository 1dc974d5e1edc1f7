"""Read a CSV file of predicted keypoints: a line for each face, columns by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from data.competition import COORDINATES, IMAGE_SIZE, KEYPOINTS
from data.csv_fields import parse_decimal
from data.system.csv_text import read_csv_text
from data.system.errors import UserError

MARGIN = IMAGE_SIZE / 2
"""Pixels by which a prediction may lie outside of the image."""

_SHOWN = 200


@dataclass(frozen=True)
class PredictionTable:
    """Predicted keypoints of all N faces of a set, in the order of the set.

    Attributes:
        path: the file.
        lines: int64 (N,), the line of each face in the file.
        keypoints: float64 (N, 15, 2), finite numbers as they are in the file.
    """

    path: Path
    lines: np.ndarray
    keypoints: np.ndarray

    def clipped(self) -> np.ndarray:
        """Keypoints float32 (N, 15, 2) in pixels, clipped to the image as a network's are.

        Raises:
            UserError: a value is more than `MARGIN` pixels outside of the image.
        """
        low, high = -MARGIN, IMAGE_SIZE + MARGIN
        values = self.keypoints.reshape(len(self.lines), -1)
        for row, column in np.argwhere((values < low) | (values > high))[:1]:
            raise UserError(
                f"{self.path}, line {self.lines[row]}, column {COORDINATES[column]}: expected "
                f"pixels from {low:g} to {high:g}, half an image around the image, found "
                f"{values[row, column]:g}."
            )
        return np.clip(self.keypoints, 0, IMAGE_SIZE).astype(np.float32)


def read_predictions(path: Path, id_column: str, ids: np.ndarray) -> PredictionTable:
    """Read predictions of all faces of a set.

    Args:
        path: a CSV file with the columns `id_column` and `COORDINATES`, in any order and among any
            others; a line for each face, in any order.
        id_column: name of the column that tells which face a line is of.
        ids: int64 (N,), those of the faces.

    Raises:
        UserError: there is no such file, a column is missing or doubled, a face has no line or two,
            a line is of no face, or a value is no finite number.
    """
    table = _read_columns(path, id_column)
    lines = _lines_of(table[id_column], ids, path)
    text = table.loc[lines, list(COORDINATES)].to_numpy()
    values = np.array([parse_decimal(field) for field in text.flat]).reshape(text.shape)
    for row, column in np.argwhere(~np.isfinite(values))[:1]:
        raise UserError(
            f"{path}, line {lines[row]}, column {COORDINATES[column]}: expected a finite number, "
            f"found {text[row, column][:40]!r}. Every keypoint of every face is predicted, also "
            "those without a label."
        )
    return PredictionTable(path, lines, values.reshape(len(lines), len(KEYPOINTS), 2))


def _read_columns(path: Path, id_column: str) -> pd.DataFrame:
    """The asked columns as text, by line."""
    try:
        table = read_csv_text(path)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise UserError(f"{path}: expected a CSV file of predictions, found none.") from None
    except ValueError as error:
        raise UserError(
            f"{path}: expected CSV in UTF-8, found none that can be read ({str(error).strip()})."
        ) from None
    found, names = list(table.columns), (id_column, *COORDINATES)
    shown = ", ".join(sorted(found, key=lambda name: name in names))[:_SHOWN]  # others first
    for name in names:
        if name not in found:
            raise UserError(
                f"{path}, line 1: expected the column {name}, found none among {shown!r}."
            )
        if found.count(name) > 1:
            raise UserError(f"{path}, line 1: expected the column {name} once, found it twice.")
    return table[list(names)]


def _lines_of(column: pd.Series, ids: np.ndarray, path: Path) -> np.ndarray:
    """The line int64 (N,) of each face, by the column of their ids."""
    index_of = {float(each): index for index, each in enumerate(ids)}
    lines = np.zeros(len(ids), np.int64)
    for line, text in column.items():
        index = index_of.get(parse_decimal(text))
        where = f"{path}, line {line}, column {column.name}"
        if index is None:
            raise UserError(
                f"{where}: expected one from {min(ids)} to {max(ids)}, found {text[:40]!r}."
            )
        if lines[index]:
            raise UserError(f"{where}: {text} is in line {lines[index]}, too; keep one of them.")
        lines[index] = line
    if missing := ids[lines == 0].tolist():
        raise UserError(
            f"{path}: expected a line for each of {len(ids)} faces, found none for {len(missing)} "
            f"of them, the first is {column.name} {missing[0]}. Predict faces without labels, too."
        )
    return lines
