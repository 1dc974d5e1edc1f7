"""A face on the page: its image, with labels and predictions to draw over it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from data.competition import KEYPOINTS

JPEG_QUALITY = 82


@dataclass(frozen=True)
class KeypointMark:
    """One keypoint of a face, in pixels.

    Attributes:
        keypoint: its index.
        label: (x, y); None without a label.
        prediction: (x, y); None without a prediction.
        error: distance between the two; None unless both are there.
    """

    keypoint: int
    label: tuple[float, float] | None
    prediction: tuple[float, float] | None
    error: float | None


@dataclass(frozen=True)
class FaceCard:
    """A face to show.

    Attributes:
        title: row or image number.
        note: a phrase about it; may be empty.
        image: JPEG as a data URL.
        marks: labels and predictions.
        annotator: 1 or 2.
        error: RMSE over its labels in pixels; None without a label.
        kind: the part of the gallery it belongs to.
        row: of training.csv, by which the review finds it; None for other faces.
    """

    title: str
    note: str
    image: str
    marks: Sequence[KeypointMark]
    annotator: int
    error: float | None = None
    kind: str = ""
    row: int | None = None

    @property
    def errors(self) -> str:
        """Error of each of the 15 keypoints in pixels, comma-separated; empty where unknown."""
        known = {mark.keypoint: mark.error for mark in self.marks}
        each = (known.get(k) for k in range(len(KEYPOINTS)))
        return ",".join("" if error is None else f"{error:.2f}" for error in each)


def data_url(image: np.ndarray) -> str:
    """An image, uint8 (H, W), as the data URL of a JPEG."""
    _, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(encoded.tobytes()).decode()


def keypoint_marks(labels: np.ndarray, prediction: np.ndarray) -> list[KeypointMark]:
    """Marks of one face's keypoints; both arrays (15, 2) in pixels, NaN where unknown."""
    marks = []
    for k, (label, predicted) in enumerate(zip(labels, prediction, strict=True)):
        has_label, has_prediction = np.isfinite(label).all(), np.isfinite(predicted).all()
        error = float(np.hypot(*(label - predicted))) if has_label and has_prediction else None
        if has_label or has_prediction:
            marks.append(KeypointMark(k, _point(label), _point(predicted), error))
    return marks


def _point(point: np.ndarray) -> tuple[float, float] | None:
    """To a tenth of a pixel, which is enough for a picture."""
    x, y = map(float, point)
    return (round(x, 1), round(y, 1)) if np.isfinite(point).all() else None
