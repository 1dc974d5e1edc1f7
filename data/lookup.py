"""Read IdLookupTable.csv and SampleSubmission.csv: the values that a submission must hold."""

from __future__ import annotations

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
from data.csv_fields import parse_id, read_rows
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
    with open_file(folder, LOOKUP_FILE) as file:
        for where, fields in read_rows(file, LOOKUP_FILE, LOOKUP_HEADER, widths=(3, 4)):
            row_id = parse_id(fields[0], "RowId", where)
            image_id = parse_id(fields[1], "ImageId", where)
            feature = fields[2].decode(errors="replace")
            if row_id in row_ids:
                raise UserError(f"{where}, column RowId: {row_id} appears twice.")
            if image_id not in row_of:
                raise UserError(f"{where}, column ImageId: {image_id} is not in {TEST_FILE}.")
            if feature not in column_of:
                raise UserError(
                    f"{where}, column FeatureName: expected one of the 30 from {COORDINATES[0]} to "
                    f"{COORDINATES[-1]}, found {feature[:40]!r}."
                )
            value = (row_of[image_id], column_of[feature])
            if value in values:
                raise UserError(f"{where}: {feature} of image {image_id} is asked for twice.")
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
    rows = 0
    with open_file(folder, SAMPLE_SUBMISSION_FILE) as file:
        for where, fields in read_rows(file, SAMPLE_SUBMISSION_FILE, SUBMISSION_HEADER):
            found = parse_id(fields[0], "RowId", where)
            if rows < len(row_ids) and found != row_ids[rows]:
                raise UserError(
                    f"{where}, column RowId: expected {row_ids[rows]} as in {LOOKUP_FILE}, "
                    f"found {found}."
                )
            rows += 1
    if rows != len(row_ids):
        raise UserError(
            f"{SAMPLE_SUBMISSION_FILE}: expected the {len(row_ids)} rows of {LOOKUP_FILE}, "
            f"found {rows}."
        )
