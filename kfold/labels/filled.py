"""Labels that were probably filled in where there were none, as pandas' `ffill` and `fillna` do.

Training takes such labels for true ones, and the annotator of a row is inferred from which labels
it has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.competition import IMAGE_SIZE
from data.faces import Faces

MIN_LABELS = 10
"""Fewer equal labels are no sign of filling."""

MIN_SHARE = 0.001
"""Share of all labels that must equal the previous row's; FaceBench's true labels reach 0.0002."""

MIN_RATIO = 10.0
"""How many times more frequent than usual equal labels must be."""

MAX_DEVIATION = 0.01
"""Pixels between a constant and the mean or median of the other labels that it was made from."""

MAX_CONSTANTS = 4
"""Positions with which one keypoint may have been filled, such as a mean for each annotator."""


@dataclass(frozen=True)
class FilledLabels:
    """Labels that were probably filled in.

    Attributes:
        count: their number.
        row: id of the first row with one.
        kind: what they equal, in words.
    """

    count: int
    row: int
    kind: str

    def __str__(self) -> str:
        return (
            f"{self.count:,} labels were probably filled in: they equal {self.kind} (first in row "
            f"{self.row}, counted from 0). Leave missing labels empty: filled ones train the model "
            "on wrong points."
        )


def find_filled(faces: Faces) -> list[FilledLabels]:
    """Find labels of N training faces that were probably filled in.

    A label counts as constant if its exact position is by far more frequent than others of its
    keypoint, and as filled forward if it equals that of the previous row, which shows another
    image.

    Returns:
        One finding for each kind; none for labels of which no kind is likely.
    """
    constant = np.stack([_constant(points) for points in faces.keypoints.swapaxes(0, 1)], axis=1)
    repeated = _repeated(faces.without(constant))
    kinds = {
        "one and the same position of their keypoint, as with `fillna`": constant,
        "the previous row's, of another image, as with `ffill`": repeated,
    }
    return [
        FilledLabels(int(marked.sum()), int(faces.ids[marked.any(axis=1).argmax()]), kind)
        for kind, marked in kinds.items()
        if marked.any()
    ]


def _constant(points: np.ndarray) -> np.ndarray:
    """Which labels (N, 2) of a keypoint lie at a position that is too frequent; bool (N,)."""
    values, counts = _count(points)
    usual = np.sort(counts)[::-1][MAX_CONSTANTS] if len(counts) > MAX_CONSTANTS else 1
    marked = np.zeros(len(points), bool)
    for value in values[counts >= max(MIN_LABELS, MIN_RATIO * usual)]:
        equal = _positions(points) == value
        rows = np.flatnonzero(equal)
        runs = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
        scattered = len(rows) - max(map(len, runs))
        if scattered > 2 * usual or _is_central(value, points[~equal]):  # else filled forward
            marked |= equal
    return marked


def _is_central(value: complex, others: np.ndarray) -> bool:
    """Whether a position is the mean or median of labels (n, 2), or zero."""
    labels = others[~np.isnan(others).any(axis=1)]
    centres = [centre(labels, axis=0) for centre in (np.mean, np.median) if len(labels)]
    near = abs(_positions(np.array([[0, 0], *centres])) - value) < MAX_DEVIATION
    return bool(near.any())


def _repeated(faces: Faces) -> np.ndarray:
    """Which labels equal the previous row's, of another image; none if chance explains them.

    Returns:
        bool (N, 15).
    """
    points, labelled = faces.keypoints, faces.labelled
    equal = np.zeros(labelled.shape, bool)
    equal[1:] = (points[1:] == points[:-1]).all(axis=-1)
    rows = np.flatnonzero(equal.any(axis=1))
    pixels = np.ascontiguousarray(faces.images).reshape(len(faces), IMAGE_SIZE**2).view(np.uint64)
    equal[rows] &= (pixels[rows] != pixels[rows - 1]).any(axis=1, keepdims=True)
    if equal.sum() >= max(MIN_LABELS, MIN_SHARE * labelled.sum()):
        chances = (_equal_pairs(points[~equal[:, k], k]) for k in range(points.shape[1]))
        if equal.sum() >= MIN_RATIO * np.dot(list(chances), labelled.sum(axis=0)):
            return equal
    return np.zeros_like(equal)


def _equal_pairs(points: np.ndarray) -> float:
    """Share of equal pairs among all pairs of labels (n, 2)."""
    _, counts = _count(points)
    pairs = counts.sum() * (counts.sum() - 1)
    return float((counts * (counts - 1)).sum() / max(pairs, 1))


def _count(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each position among labels (n, 2), as x + iy, and how many lie there."""
    positions = _positions(points)
    return np.unique(positions[~np.isnan(positions)], return_counts=True)


def _positions(points: np.ndarray) -> np.ndarray:
    """Points (n, 2) as n complex numbers x + iy."""
    return points[:, 0] + 1j * points[:, 1]
