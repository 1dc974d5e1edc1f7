"""Read IdLookupTable.csv and SampleSubmission.csv: the values that a submission must hold."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.competition import (
    COORDINATES,
    KEYPOINTS,
    LOOKUP_FILE,
    LOOKUP_HEADER,
    SAMPLE_SUBMISSION_FILE,
    SUBMISSION_HEADER,
    TEST_FILE,
)
from data.csv_fields import check_header, parse_id
from data.faces import infer_annotators
from data.files import open_file
from data.system.errors import UserError


@dataclass(frozen=True)
class Lookup:
    """The R values that a submission must hold, in its order.

    Attributes:
        row_ids: int64 (R,), the RowId of each value.
        rows: int64 (R,), its row in the test set.
        coordinates: int64 (R,), its column among the 30 coordinates.
    """

    row_ids: np.ndarray
    rows: np.ndarray
    coordinates: np.ndarray

    def __len__(self) -> int:
        return len(self.row_ids)

    def annotators(self, images: int) -> np.ndarray:
        """Annotator int8 (images,) of each test image, from its requested keypoints."""
        requested = np.zeros((images, len(KEYPOINTS)), bool)
        requested[self.rows, self.coordinates // 2] = True
        return infer_annotators(requested)


def read_lookup(folder: Path, image_ids: np.ndarray) -> Lookup:
    """Read the lookup table and check it against the test set and the sample submission.

    Args:
        folder: with the competition's files.
        image_ids: int64 (N,), ImageIds in the order of test.csv.

    Raises:
        UserError: an unknown image or keypoint, a repeated RowId or value, or RowIds that differ
            from those of the sample submission.
    """
    row_of = {int(image_id): row for row, image_id in enumerate(image_ids)}
    column_of = {name: column for column, name in enumerate(COORDINATES)}
    row_ids: dict[int, None] = {}
    values: dict[tuple[int, int], None] = {}
    for where, fields in _read_rows(folder, LOOKUP_FILE, LOOKUP_HEADER, (3, 4)):
        row_id = parse_id(fields[0], "RowId", where)
        image_id = parse_id(fields[1], "ImageId", where)
        if row_id in row_ids:
            raise UserError(f"{where}, column RowId: {row_id} appears twice.")
        if image_id not in row_of:
            raise UserError(f"{where}, column ImageId: {image_id} is not in {TEST_FILE}.")
        if fields[2] not in column_of:
            raise UserError(
                f"{where}, column FeatureName: expected one of the 30 from {COORDINATES[0]} to "
                f"{COORDINATES[-1]}, found {fields[2][:40]!r}."
            )
        value = (row_of[image_id], column_of[fields[2]])
        if value in values:
            raise UserError(f"{where}: {fields[2]} of image {image_id} is asked for twice.")
        row_ids[row_id] = values[value] = None
    rows, coordinates = np.array(list(values), np.int64).T
    lookup = Lookup(np.array(list(row_ids), np.int64), rows, coordinates)
    check_row_ids(folder, lookup.row_ids)
    return lookup


def check_row_ids(folder: Path, row_ids: np.ndarray) -> None:
    """Check that RowIds int64 (R,) are those of SampleSubmission.csv, in its order.

    Raises:
        UserError: names the first row that differs.
    """
    table = _read_rows(folder, SAMPLE_SUBMISSION_FILE, SUBMISSION_HEADER, (2,))
    expected = np.array([parse_id(fields[0], "RowId", where) for where, fields in table], np.int64)
    if len(expected) != len(row_ids):
        raise UserError(
            f"{SAMPLE_SUBMISSION_FILE}: expected the {len(row_ids)} rows of {LOOKUP_FILE}, "
            f"found {len(expected)}."
        )
    for line in np.flatnonzero(expected != row_ids)[:1]:
        raise UserError(
            f"{SAMPLE_SUBMISSION_FILE}, line {line + 2}, column RowId: expected {row_ids[line]} "
            f"as in {LOOKUP_FILE}, found {expected[line]}."
        )


def _read_rows(
    folder: Path, name: str, header: tuple[str, ...], widths: tuple[int, ...]
) -> Iterator[tuple[str, list[str]]]:
    """Yield the place and the fields of each row; `widths` are the numbers of fields allowed."""
    with open_file(folder, name) as file:
        check_header(file.readline(), name, header)
        number = 1
        text = io.TextIOWrapper(file, "utf-8", errors="replace", newline="")
        try:
            for number, fields in enumerate(csv.reader(text), 2):
                where = f"{name}, line {number}"
                if len(fields) not in widths:
                    raise UserError(f"{where}: expected {widths[0]} fields, found {len(fields)}.")
                yield where, fields
        except csv.Error as error:
            raise UserError(
                f"{name}, line {number + 1}: expected CSV, found none ({error})."
            ) from None
        if number == 1:
            raise UserError(f"{name}: expected rows below the header, found none.")
