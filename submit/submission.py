"""submission.csv: the values that the lookup table asks for, in its order."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.atomic import write_text
from data.competition import IMAGE_SIZE, SUBMISSION_HEADER
from data.errors import UserError
from data.lookup import Lookup, check_row_ids

DECIMALS = 4


@dataclass(frozen=True)
class Summary:
    """What a submission file holds.

    Attributes:
        rows: how many values.
        low: the smallest of them, in pixels.
        high: the largest of them, in pixels.
        checksum: SHA-256 of the file, in hex.
    """

    rows: int
    low: float
    high: float
    checksum: str


def summarize(content: bytes) -> Summary:
    """Read a submission back, to show what would be sent."""
    values = np.loadtxt(io.BytesIO(content), delimiter=",", skiprows=1, usecols=1, ndmin=1)
    checksum = hashlib.sha256(content).hexdigest()
    return Summary(len(values), float(values.min()), float(values.max()), checksum)


def write_submission(path: Path, lookup: Lookup, test: np.ndarray, data: Path) -> bytes:
    """Write a submission and return it; a wrong one never takes the place of `path`.

    Args:
        path: where to write it.
        lookup: the values asked for.
        test: float (M, 15, 2), predictions in pixels; they are clipped to the image.
        data: folder with SampleSubmission.csv, whose RowIds must be met.

    Raises:
        UserError: a prediction is not a finite number, or the RowIds differ.
    """
    values = test.reshape(len(test), -1)[lookup.rows, lookup.coordinates]
    if not np.isfinite(values).all():
        wrong = lookup.row_ids[~np.isfinite(values)]
        raise UserError(
            f"{path}: expected finite predictions, found {len(wrong)} that are not, the first for "
            f"RowId {wrong[0]}. Train the model again with `make cv FORCE=1`."
        )
    check_row_ids(data, lookup.row_ids)
    rows = zip(lookup.row_ids, np.clip(values, 0, IMAGE_SIZE), strict=True)
    lines = [",".join(SUBMISSION_HEADER), *(f"{i},{value:.{DECIMALS}f}" for i, value in rows)]
    text = "\n".join(lines) + "\n"
    write_text(path, text)
    return text.encode()
