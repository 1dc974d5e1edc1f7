"""Read the two large files, training.csv and test.csv, and check every field.

About 20 times faster than a general CSV reader; an error names line and column.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from data.competition import (
    COORDINATES,
    IMAGE_SIZE,
    KEYPOINTS,
    TEST_FILE,
    TEST_HEADER,
    TRAINING_FILE,
    TRAINING_HEADER,
)
from data.csv_fields import parse_decimal, parse_id, read_rows
from data.faces import infer_annotators
from data.files import open_file
from data.system.errors import UserError

_PIXELS = IMAGE_SIZE * IMAGE_SIZE


def read_training(folder: Path) -> dict[str, np.ndarray]:
    """Read training.csv into the fields of `Faces`; ids are 0-based rows.

    Raises:
        UserError: a header, label or pixel is invalid; names its line and column.
    """
    images, keypoints = [], []
    with open_file(folder, TRAINING_FILE) as file:
        for where, fields in read_rows(file, TRAINING_FILE, TRAINING_HEADER):
            keypoints.append(_parse_labels(fields[:-1], where))
            images.append(parse_pixels(fields[-1], where))
    labels = np.array(keypoints, np.float32).reshape(-1, len(KEYPOINTS), 2)
    points = np.isfinite(labels[:, :, 0])
    if not points.any():
        raise UserError(
            f"{TRAINING_FILE}: expected labels in {COORDINATES[0]} ... {COORDINATES[-1]}, "
            "found none in any row. Is this the test set? Run `make download`."
        )
    return {
        "images": np.stack(images),
        "keypoints": labels,
        "ids": np.arange(len(labels), dtype=np.int64),
        "annotator": infer_annotators(points),
    }


def read_test(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read test.csv: images uint8 (N, 96, 96) and their ImageIds int64 (N,).

    Raises:
        UserError: a header, ImageId or pixel is invalid, or an ImageId appears twice.
    """
    images: list[np.ndarray] = []
    ids: dict[int, None] = {}
    with open_file(folder, TEST_FILE) as file:
        for where, (image_id, pixels) in read_rows(file, TEST_FILE, TEST_HEADER):
            number = parse_id(image_id, "ImageId", where)
            if number in ids:
                raise UserError(f"{where}, column ImageId: {number} appears twice.")
            ids[number] = None
            images.append(parse_pixels(pixels, where))
    return np.stack(images), np.array(list(ids), np.int64)


def _parse_labels(fields: list[bytes], where: str) -> list[float]:
    labels = [
        _parse_label(field, f"{where}, column {column}") if field else math.nan
        for field, column in zip(fields, COORDINATES, strict=True)
    ]
    for i, name in enumerate(KEYPOINTS):
        if math.isnan(labels[2 * i]) != math.isnan(labels[2 * i + 1]):
            raise UserError(f"{where}: expected both coordinates of {name} or neither, found one.")
    return labels


def _parse_label(field: bytes, where: str) -> float:
    value = parse_decimal(field.decode(errors="replace"))
    # Labels beyond the centre of the last pixel are valid: Kaggle's reach 95.94.
    if not 0 <= value <= IMAGE_SIZE:
        found = field[:40].decode(errors="replace")
        raise UserError(
            f"{where}: expected a number from 0 to {IMAGE_SIZE}, or nothing for a missing label, "
            f"found {found!r}."
        )
    return value


def parse_pixels(field: bytes, where: str) -> np.ndarray:
    """Decode space-separated gray values to uint8 (96, 96), all digits at once.

    Args:
        field: the 9,216 values.
        where: file and line, for the error.

    Raises:
        UserError: not 9,216 whole numbers from 0 to 255.
    """
    raw = np.frombuffer(field, np.uint8)
    digits = raw - ord("0")  # uint8: bytes below "0" wrap around, so only digits give 0 to 9
    ends = np.append(np.flatnonzero(raw == ord(" ")), len(raw))
    lengths = np.diff(ends, prepend=-1) - 1
    numbers = lengths.min() >= 1 and lengths.max() <= 3
    if not numbers or len(ends) != _PIXELS or np.count_nonzero(digits < 10) != lengths.sum():
        raise _pixel_error(field, where)
    value = digits[ends - 1].astype(np.uint16)
    value += digits[ends - 2] * (lengths > 1) * np.uint16(10)
    value += digits[ends - 3] * (lengths > 2) * np.uint16(100)
    if value.max() > 255:
        raise _pixel_error(field, where)
    return value.astype(np.uint8).reshape(IMAGE_SIZE, IMAGE_SIZE)


def _pixel_error(field: bytes, where: str) -> UserError:
    values = field.decode(errors="replace").split(" ")
    wrong = (
        (i, v)
        for i, v in enumerate(values)
        if not (v.isascii() and v.isdigit() and len(v) < 4 and int(v) < 256)
    )
    found = next((f"{v[:20]!r} as pixel {i + 1}" for i, v in wrong), f"{len(values)} values")
    return UserError(
        f"{where}, column Image: expected {_PIXELS} whole numbers from 0 to 255 "
        f"with a space between, found {found}."
    )
