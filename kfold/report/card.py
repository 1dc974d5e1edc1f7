"""A face on the page: its image with labels and predictions to draw over it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

JPEG_QUALITY = 82


@dataclass(frozen=True)
class Mark:
    """One keypoint of a face.

    Attributes:
        keypoint: its index.
        label: (x, y) in px, None without one.
        prediction: (x, y) in px, None without one.
        error: their distance in px, None unless both are there.
    """

    keypoint: int
    label: tuple[float, float] | None
    prediction: tuple[float, float] | None
    error: float | None


@dataclass(frozen=True)
class Card:
    """A face with what is known of it.

    Attributes:
        title: names it.
        note: more about it; may be empty.
        image: the picture as a data address.
        marks: what is drawn over it.
        annotator: 1 or 2.
        error: RMSE in px over its labels, None without any.
        kind: the part of a gallery that it belongs to.
    """

    title: str
    note: str
    image: str
    marks: Sequence[Mark]
    annotator: int
    error: float | None = None
    kind: str = ""

    @property
    def errors(self) -> str:
        """Each keypoint's error in px, comma-separated, empty where there is none."""
        known = {mark.keypoint: mark.error for mark in self.marks}
        each = (known.get(k) for k in range(15))
        return ",".join("" if error is None else f"{error:.2f}" for error in each)


def data_address(image: np.ndarray) -> str:
    """An image uint8 (H, W) as the address of a JPEG that holds itself."""
    _, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(encoded.tobytes()).decode()


def marks_of(labels: np.ndarray, prediction: np.ndarray) -> list[Mark]:
    """Marks of the keypoints that are known, from two arrays (15, 2) in px with NaN for unknown."""
    marks = []
    for k, (label, guess) in enumerate(zip(labels, prediction, strict=True)):
        known, guessed = np.isfinite(label).all(), np.isfinite(guess).all()
        error = float(np.hypot(*(label - guess))) if known and guessed else None
        if known or guessed:
            marks.append(Mark(k, _point(label), _point(guess), error))
    return marks


def _point(point: np.ndarray) -> tuple[float, float] | None:
    return (
        (round(float(point[0]), 1), round(float(point[1]), 1)) if np.isfinite(point).all() else None
    )
