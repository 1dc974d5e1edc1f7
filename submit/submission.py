"""Write submission.csv: the values that the lookup table requests, in its order."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from data.competition import IMAGE_SIZE, SUBMISSION_HEADER
from data.lookup import Lookup, check_row_ids
from data.system.atomic import write_text
from data.system.errors import UserError

DECIMALS = 4


@dataclass(frozen=True)
class SubmissionSummary:
    """Facts about the content of a submission file.

    Attributes:
        rows: number of values.
        low: smallest value, in pixels.
        high: largest value, in pixels.
    """

    rows: int
    low: float
    high: float


def summarize(content: bytes) -> SubmissionSummary:
    """Read a submission back, to show what would be sent."""
    values = pd.read_csv(io.BytesIO(content))[SUBMISSION_HEADER[1]]
    return SubmissionSummary(len(values), float(values.min()), float(values.max()))


def write_submission(path: Path, lookup: Lookup, test: np.ndarray, data: Path) -> bytes:
    """Write a submission and return its content; an invalid one never replaces `path`.

    Args:
        path: of the file.
        lookup: the requested values.
        test: float (M, 15, 2), predictions in pixels; they are clipped to the image.
        data: folder with SampleSubmission.csv, whose RowIds must match.

    Raises:
        UserError: a prediction is not finite, or the RowIds differ.
    """
    values = test.reshape(len(test), -1)[lookup.rows, lookup.coordinates]
    if not np.isfinite(values).all():
        wrong = lookup.row_ids[~np.isfinite(values)]
        raise UserError(
            f"{path}: expected finite predictions, found {len(wrong)} that are not, the first for "
            f"RowId {wrong[0]}. Train the model again with `make cv FORCE=1`."
        )
    check_row_ids(data, lookup.row_ids)
    columns = (lookup.row_ids, np.clip(values, 0, IMAGE_SIZE))
    table = pd.DataFrame(dict(zip(SUBMISSION_HEADER, columns, strict=True)))
    text = table.to_csv(index=False, float_format=f"%.{DECIMALS}f", lineterminator="\n")
    write_text(path, text)
    return text.encode()
