"""In which direction predictions err, drawn as arrows on an average face of each annotator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from data.competition import ANNOTATORS, IMAGE_SIZE, KEYPOINTS
from kfold.groups import ANCHORS, anchors
from kfold.report.card import data_address
from kfold.report.subject import Subject

DETAIL = 2
"""Pixels of the average face for one of a face: it is sharper than each of them."""

ENOUGH = 800
"""Faces in an average: more look the same."""

LONGEST = 12
"""Pixels that no arrow is longer than."""


@dataclass(frozen=True)
class Arrow:
    """The mean error of one keypoint.

    Attributes:
        keypoint: its name.
        x: of the mean label on the average face, in px.
        y: the same.
        right: mean of prediction minus label along x, in px.
        down: the same along y.
    """

    keypoint: str
    x: float
    y: float
    right: float
    down: float


@dataclass(frozen=True)
class AverageFace:
    """All faces of one annotator, eyes and mouth laid over one another.

    Attributes:
        annotator: 1 or 2.
        image: the picture as a data address.
        arrows: one for each keypoint that the annotator labels.
    """

    annotator: int
    image: str
    arrows: list[Arrow]

    @property
    def largest(self) -> Arrow:
        """The keypoint with the largest bias."""
        return max(self.arrows, key=lambda arrow: np.hypot(arrow.right, arrow.down))


def average_faces(subject: Subject) -> Iterator[AverageFace]:
    """The average face of each annotator who labelled anything that is trusted."""
    for annotator in ANNOTATORS:
        rows = np.flatnonzero(subject.trusted.annotator == annotator)
        labels = subject.trusted.keypoints[rows]
        if np.isfinite(labels).any():
            moves = np.stack([_onto_anchors(points) for points in anchors(subject.oof[rows])])
            some = slice(None, None, 1 + len(rows) // ENOUGH)
            image = _mean(subject.trusted.images[rows][some], moves[some])
            steps = subject.oof[rows] - labels
            moved = np.einsum("nij,nkj->nki", moves[:, :, :2], labels) + moves[:, None, :, 2]
            yield AverageFace(annotator, data_address(_stretched(image)), _arrows(moved, steps))


def magnification(faces: Sequence[AverageFace]) -> int:
    """How many times longer than the bias to draw arrows: 1, 2, 5, 10 or 20, one for all."""
    largest = max(np.hypot(face.largest.right, face.largest.down) for face in faces)
    steps = [1, 2, 5, 10, 20]
    return max(step for step in steps if step == 1 or step * largest <= LONGEST)


def _arrows(labels: np.ndarray, steps: np.ndarray) -> list[Arrow]:
    """Arrows from aligned labels and errors, both (N, 15, 2) in px with NaN."""
    arrows = []
    for k, name in enumerate(KEYPOINTS):
        known = np.isfinite(steps[:, k]).all(axis=-1)
        if known.any():
            place, step = labels[known, k].mean(axis=0), steps[known, k].mean(axis=0)
            arrows.append(Arrow(name, *(float(v) for v in (*place, *step))))
    return arrows


def _onto_anchors(points: np.ndarray) -> np.ndarray:
    """The affine map (2, 3) that lays eyes and mouth (3, 2) onto `ANCHORS`."""
    return cv2.getAffineTransform(points.astype(np.float32), ANCHORS)


def _mean(images: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """Mean of images (N, 96, 96), each moved by its affine map (2, 3)."""
    total = np.zeros(2 * (DETAIL * IMAGE_SIZE,))
    for image, move in zip(images, moves, strict=True):
        total += _warp(image, move)
    return total / len(images)


def _warp(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    size = DETAIL * IMAGE_SIZE
    # The centre of a pixel of the fine image lies between those of the coarse one.
    scale = np.array([[DETAIL, 0, (DETAIL - 1) / 2], [0, DETAIL, (DETAIL - 1) / 2]])
    fine = scale[:, :2] @ matrix
    fine[:, 2] += scale[:, 2]
    return cv2.warpAffine(image, fine, (size, size), borderMode=cv2.BORDER_REPLICATE)


def _stretched(image: np.ndarray) -> np.ndarray:
    """The full range of grays, for an average has little contrast."""
    low, high = np.percentile(image, [1, 99])
    return np.clip((image - low) / max(high - low, 1) * 235 + 10, 0, 255).astype(np.uint8)
