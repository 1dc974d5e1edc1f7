"""Sheets of faces: lossless images that hold a hundred faces each."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from data.competition import IMAGE_SIZE
from data.system.atomic import replacing

COLUMNS = 10
"""Faces beside each other, and below each other, on a sheet: few enough to decode in 10 ms, so that
any face can be next."""

FACES = COLUMNS**2

_COMPRESSION = 1
"""Of PNG: 3 takes twice as long for files that are 2% smaller."""


def write_sheets(folder: Path, images: np.ndarray) -> None:
    """Write 0.png, 1.png, ...: face i is on sheet i // 100, in row i % 100 // 10, column i % 10.

    Args:
        folder: to write to.
        images: uint8 (N, 96, 96).
    """
    for number, start in enumerate(range(0, len(images), FACES)):
        _, encoded = cv2.imencode(
            ".png",
            _sheet(images[start : start + FACES]),
            [cv2.IMWRITE_PNG_COMPRESSION, _COMPRESSION],
        )
        with replacing(folder / f"{number}.png") as path:
            path.write_bytes(encoded.tobytes())


def _sheet(images: np.ndarray) -> np.ndarray:
    """At most 100 images as one, uint8 (rows * 96, 960); black where there are no more faces."""
    rows = -(-len(images) // COLUMNS)
    cells = np.zeros((rows * COLUMNS, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    cells[: len(images)] = images
    grid = cells.reshape(rows, COLUMNS, IMAGE_SIZE, IMAGE_SIZE).swapaxes(1, 2)
    return grid.reshape(rows * IMAGE_SIZE, COLUMNS * IMAGE_SIZE)
