"""Suspects: training rows with labels that are probably wrong, worst first, with the reason.

Each label is compared with its out-of-fold prediction. The distance is divided by the median
distance of the same keypoint and annotator; a row with a large relative distance is a suspect. Its
fault is one of: left and right swapped, the whole row shifted, most labels far off, single labels
far off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from data.competition import ANNOTATORS, KEYPOINTS, MIRROR
from data.corrections import DATA, DATA_DIGITS
from data.faces import Faces
from data.system.atomic import write_csv
from kfold.labels.duplicates import same_annotator_pairs
from kfold.metrics.score import squared_errors

MIN_RELATIVE_DISTANCE = 6.0
"""Relative distance from which a label is suspicious: seven standard deviations if the errors in x
and y are normal and alike."""

MAX_SWAPPED_SHARE = 0.3
"""Left and right were swapped if swapping them back leaves less than this share of the error."""

MAX_SHIFT_SPREAD = 0.5
"""A whole row was shifted if its errors spread about their mean by less than this share of it."""

COLUMNS = ("rank", "row", "keypoint", "action", "x", "y", "annotator", "score", "reason", DATA)


Fault = Literal["swapped", "shifted", "most", "single"]
"""Left and right swapped, the whole row shifted, most labels far off, or single ones."""


@dataclass(frozen=True)
class Suspect:
    """A training row with labels that are probably wrong.

    Attributes:
        row: its index.
        score: relative distance of its worst label.
        keypoints: indices of the suspicious labels; empty if the whole row is suspicious.
        fault: its kind.
        reason: a phrase for people.
        corrected: float (15, 2) in pixels, the labels with left and right swapped back; None if
            that is not the reason.
    """

    row: int
    score: float
    keypoints: tuple[int, ...]
    fault: Fault
    reason: str
    corrected: np.ndarray | None = None


@dataclass(frozen=True)
class _LabelErrors:
    """Errors of the labels of N rows against predictions; NaN without a label.

    Attributes:
        keypoints: float (N, 15, 2), the labels in pixels.
        offset: float (N, 15, 2), label minus prediction in pixels.
        distance: float (N, 15), length of the offset in pixels.
        relative: float (N, 15), distance over the median of the keypoint and annotator.
        swapped: float (N,), RMS distance in pixels with left and right swapped.
    """

    keypoints: np.ndarray
    offset: np.ndarray
    distance: np.ndarray
    relative: np.ndarray
    swapped: np.ndarray


def rank_suspects(
    faces: Faces, prediction: np.ndarray, identical: Sequence[np.ndarray] = ()
) -> list[Suspect]:
    """Rank the rows with suspicious labels, the most suspicious first.

    Args:
        faces: N labelled faces.
        prediction: float (N, 15, 2) in pixels, out-of-fold.
        identical: for each image that appears more than once, its rows.
    """
    errors = _label_errors(faces, prediction)
    copies = _better_copies(faces, identical, errors.distance)
    suspicious = (np.nan_to_num(errors.relative) > MIN_RELATIVE_DISTANCE).any(axis=1)
    rows = np.flatnonzero(suspicious).tolist()
    suspects = [_explain(row, errors, copies.get(row)) for row in rows]
    return sorted(suspects, key=lambda suspect: -suspect.score)


def write_suspects(path: Path, suspects: Sequence[Suspect], faces: Faces, checksum: str) -> None:
    """Write suspects.csv, the corrections that `data.corrections` reads.

    A line without a keypoint is about the whole row. The action 'drop' removes the label or the
    row's labels; 'set' replaces a label by x and y, in pixels. The column 'data' holds the start of
    the data's checksum, without which the corrections might be applied to other data.
    """
    data = checksum[:DATA_DIGITS]
    lines = [
        (rank, faces.ids[s.row], *change, faces.annotator[s.row], f"{s.score:.1f}", s.reason, data)
        for rank, s in enumerate(suspects, 1)
        for change in _changes(s, faces.labelled[s.row])
    ]
    write_csv(path, pd.DataFrame(lines, columns=COLUMNS))


def _changes(suspect: Suspect, labelled: np.ndarray) -> Iterator[tuple[str, str, str, str]]:
    """Keypoint, action, x and y of each line about a suspect; `labelled`: bool (15,)."""
    if suspect.corrected is not None:
        for k, (x, y) in enumerate(suspect.corrected):
            if np.isfinite(x):
                yield KEYPOINTS[k], "set", f"{x:.3f}", f"{y:.3f}"
            elif labelled[k]:
                yield KEYPOINTS[k], "drop", "", ""
    elif suspect.keypoints:
        for k in suspect.keypoints:
            yield KEYPOINTS[k], "drop", "", ""
    else:
        yield "", "drop", "", ""


def _label_errors(faces: Faces, prediction: np.ndarray) -> _LabelErrors:
    distance = np.sqrt(squared_errors(faces.keypoints, prediction).sum(axis=-1))
    relative = np.full_like(distance, np.nan)
    for annotator in ANNOTATORS:
        rows = faces.annotator == annotator
        for k in range(len(KEYPOINTS)):
            labelled = rows & np.isfinite(distance[:, k])
            if labelled.any():
                median = np.median(distance[labelled, k])
                relative[labelled, k] = distance[labelled, k] / max(median, 1e-6)
    swapped = squared_errors(faces.keypoints[:, MIRROR], prediction).sum(axis=-1)
    offset = faces.keypoints - prediction
    return _LabelErrors(faces.keypoints, offset, distance, relative, _root_mean(swapped))


def _explain(row: int, errors: _LabelErrors, copy: tuple[int, float] | None) -> Suspect:
    """Find the reason; `copy`: id of a better labelled copy of the image, and its distance."""
    labelled = np.isfinite(errors.distance[row])
    far = labelled & (np.nan_to_num(errors.relative[row]) > MIN_RELATIVE_DISTANCE)
    rms, swapped = float(_root_mean(errors.distance[row] ** 2)), errors.swapped[row]
    keypoints: tuple[int, ...] = ()
    corrected = None
    fault: Fault
    if swapped < MAX_SWAPPED_SHARE * rms:
        fault = "swapped"
        reason = (
            f"left and right are swapped: the labels lie {rms:.1f} px from the prediction, "
            f"swapped back {swapped:.1f} px"
        )
        corrected = errors.keypoints[row, list(MIRROR)]
    elif shift := _common_shift(errors.offset[row][labelled]):
        fault, reason = "shifted", shift
    elif far.sum() > labelled.sum() / 2:
        fault = "most"
        reason = f"{far.sum()} of {labelled.sum()} labels are far off, {rms:.1f} px on average"
    else:
        fault = "single"
        keypoints = tuple(np.flatnonzero(far).tolist())
        each = (f"{KEYPOINTS[k]} {errors.distance[row, k]:.1f} px" for k in keypoints)
        reason = f"far off: {', '.join(each).replace('_', ' ')}"
    if copy:
        reason += f"; row {copy[0]} shows the same image with labels {copy[1]:.1f} px away"
    score = float(np.nanmax(errors.relative[row]))
    return Suspect(row, score, keypoints, fault, reason, corrected)


def _common_shift(offsets: np.ndarray) -> str:
    """The shift that labels (n, 2) in pixels have in common, in words; empty if they have none."""
    shift = offsets.mean(axis=0)
    spread = _root_mean(((offsets - shift) ** 2).sum(axis=-1))
    if len(offsets) > 1 and spread < MAX_SHIFT_SPREAD * np.hypot(*shift):
        return f"all {len(offsets)} labels lie {np.hypot(*shift):.1f} px {_direction(shift)}"
    return ""


def _better_copies(
    faces: Faces, identical: Sequence[np.ndarray], distance: np.ndarray
) -> dict[int, tuple[int, float]]:
    """For each row with a better labelled copy: the copy's id, their largest difference in px."""
    found: dict[int, tuple[int, float]] = {}
    rms = _root_mean(distance**2)
    for pair in same_annotator_pairs(faces, identical):
        apart = np.hypot(*(faces.keypoints[pair[0]] - faces.keypoints[pair[1]]).T)
        if np.isfinite(apart).any():
            better, worse = sorted(pair, key=lambda row: rms[row])
            found[worse] = int(faces.ids[better]), float(np.nanmax(apart))
    return found


def _direction(shift: np.ndarray) -> str:
    """One of eight directions in the image, in words."""
    x, y = shift / np.hypot(*shift)
    words = ["below" if y > 0 else "above"] if abs(y) > 0.38 else []  # sin 22.5 degrees
    words += ["right of" if x > 0 else "left of"] if abs(x) > 0.38 else []
    return f"{' and '.join(words)} the prediction"


def _root_mean(squares: np.ndarray) -> np.ndarray:
    """Root mean square over the last axis, from squares; NaN ones are left out."""
    counts = np.isfinite(squares).sum(axis=-1)
    return np.sqrt(np.nansum(squares, axis=-1) / np.where(counts, counts, np.nan))
