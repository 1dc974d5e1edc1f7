"""Mean error of each keypoint, as arrows on an average face per annotator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from data.competition import ANNOTATORS, IMAGE_SIZE, KEYPOINTS
from kfold.folds.person_groups import ANCHORS, anchors
from kfold.leaderboard.leaderboard import Leaderboard
from kfold.report.faces.face_card import data_url

UPSAMPLING = 2
"""Pixels of the average face per pixel of a face: the average is sharper than its parts."""

MAX_FACES = 800
"""Faces in an average; more of them look the same."""

MAX_ARROW = 12
"""Length of the longest arrow, in pixels of a face."""


@dataclass(frozen=True)
class Arrow:
    """The mean error of one keypoint.

    Attributes:
        keypoint: its name.
        x: of the mean label on the average face, in pixels.
        y: likewise.
        right: mean of prediction minus label along x, in pixels.
        down: likewise along y.
    """

    keypoint: str
    x: float
    y: float
    right: float
    down: float


@dataclass(frozen=True)
class AverageFace:
    """The mean of one annotator's faces, aligned by eyes and mouth.

    Attributes:
        annotator: 1 or 2.
        image: JPEG as a data URL.
        arrows: one for each keypoint that the annotator labels.
    """

    annotator: int
    image: str
    arrows: list[Arrow]

    @property
    def largest(self) -> Arrow:
        """The keypoint with the largest bias."""
        return max(self.arrows, key=lambda arrow: np.hypot(arrow.right, arrow.down))


def average_faces(leaderboard: Leaderboard) -> Iterator[AverageFace]:
    """The average face of each annotator with trusted labels."""
    for annotator in ANNOTATORS:
        faces = leaderboard.trusted[leaderboard.trusted.annotator == annotator]
        predicted = leaderboard.best.entry.oof[leaderboard.trusted.annotator == annotator]
        if faces.labelled.any():
            maps = np.stack([_onto_anchors(points) for points in anchors(predicted)])
            some = slice(None, None, 1 + len(faces) // MAX_FACES)
            image = _mean(faces.images[some], maps[some])
            labels = np.einsum("nij,nkj->nki", maps[:, :, :2], faces.keypoints)
            arrows = _arrows(labels + maps[:, None, :, 2], predicted - faces.keypoints)
            yield AverageFace(annotator, data_url(_stretched(image)), arrows)


def magnification(faces: Sequence[AverageFace]) -> int:
    """Length of all arrows in units of the bias: 1, 2, 5, 10 or 20."""
    largest = max(np.hypot(face.largest.right, face.largest.down) for face in faces)
    factors = [1, 2, 5, 10, 20]
    return max(factor for factor in factors if factor == 1 or factor * largest <= MAX_ARROW)


def _arrows(labels: np.ndarray, errors: np.ndarray) -> list[Arrow]:
    """Arrows from aligned labels and errors, both (N, 15, 2) in pixels with NaN."""
    arrows = []
    for k, name in enumerate(KEYPOINTS):
        known = np.isfinite(errors[:, k]).all(axis=-1)
        if known.any():
            start, bias = labels[known, k].mean(axis=0), errors[known, k].mean(axis=0)
            arrows.append(Arrow(name, *(float(v) for v in (*start, *bias))))
    return arrows


def _onto_anchors(points: np.ndarray) -> np.ndarray:
    """The affine map (2, 3) from eyes and mouth (3, 2) to `ANCHORS`."""
    return cv2.getAffineTransform(points.astype(np.float32), ANCHORS)


def _mean(images: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """Mean of images (N, 96, 96), each warped by its affine map (2, 3)."""
    total = np.zeros(2 * (UPSAMPLING * IMAGE_SIZE,))
    for image, matrix in zip(images, maps, strict=True):
        total += _warp(image, matrix)
    return total / len(images)


def _warp(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    size = UPSAMPLING * IMAGE_SIZE
    # Pixel centres of the larger image lie between those of the smaller one.
    margin = (UPSAMPLING - 1) / 2
    scale = np.array([[UPSAMPLING, 0, margin], [0, UPSAMPLING, margin]])
    fine = scale[:, :2] @ matrix
    fine[:, 2] += scale[:, 2]
    return cv2.warpAffine(image, fine, (size, size), borderMode=cv2.BORDER_REPLICATE)


def _stretched(image: np.ndarray) -> np.ndarray:
    """The same with more contrast, of which an average has little."""
    low, high = np.percentile(image, [1, 99])
    return np.clip((image - low) / max(high - low, 1) * 235 + 10, 0, 255).astype(np.uint8)
