"""Find the faces in a photo, and cut them out as the competition's images are cut."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from data.competition import IMAGE_SIZE

CROP_RATIO, CROP_LOWER = 1.12, 0.04
"""The competition's crop around a detected box: its size, and how far its centre is below the
box's, both in box widths. On rendered faces 1.24 and 0.07, on photographs 1.01 and 0.01: between
them, since `frame` cuts again."""

_LONGEST = 1600  # px: faces of 1/60 of a photo are found, and a large photo takes a second
_SMALLEST = 24  # px, after that; the detector's own window is 20
_BORDER = 0.25  # of the shorter side: half of the tight portraits are found only with one


@dataclass(frozen=True)
class Square:
    """Whole pixels of a photo, which it may reach beyond.

    Attributes:
        left: x of its first column.
        top: y of its first row.
        size: columns and rows.
    """

    left: int
    top: int
    size: int

    @classmethod
    def about(cls, x: float, y: float, size: float) -> Square:
        """The square of about that size whose centre is next to (x, y)."""
        size = max(2, round(size))
        half = (size - 1) / 2
        return cls(round(x - half), round(y - half), size)

    def cut(self, gray: np.ndarray) -> np.ndarray:
        """The square of a photo, uint8 (h, w), as uint8 (96, 96); the border goes on outside."""
        rows = np.clip(np.arange(self.top, self.top + self.size), 0, gray.shape[0] - 1)
        columns = np.clip(np.arange(self.left, self.left + self.size), 0, gray.shape[1] - 1)
        method = cv2.INTER_AREA if self.size > IMAGE_SIZE else cv2.INTER_CUBIC
        return cv2.resize(gray[np.ix_(rows, columns)], (IMAGE_SIZE, IMAGE_SIZE), None, 0, 0, method)

    def to_photo(self, keypoints: np.ndarray) -> np.ndarray:
        """Keypoints (15, 2) in pixels of the cut image to pixels of the photo."""
        # A pixel's centre is its index: pixel edges, not centres, fall on each other.
        return (keypoints + 0.5) * self.size / IMAGE_SIZE - 0.5 + (self.left, self.top)


def find_faces(gray: np.ndarray) -> list[Square]:
    """Where faces are in a photo, uint8 (h, w), from left to right (Viola & Jones, 2001).

    Upright faces that look into the camera are found, from 24 px on, and from 1/60 of the photo.
    """
    scale = min(1.0, _LONGEST / max(gray.shape))
    border = math.ceil(_BORDER * min(gray.shape) * scale)
    small = cv2.resize(gray, None, None, scale, scale, cv2.INTER_AREA) if scale < 1 else gray
    padded = np.pad(small, border, "edge")
    cascade = Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_alt2.xml"
    detector = cv2.CascadeClassifier(str(cascade))
    boxes = detector.detectMultiScale(padded, 1.1, 5, minSize=(_SMALLEST, _SMALLEST))
    squares = []
    for left, top, width, height in boxes:
        x, y = left + (width - 1) / 2, top + (height - 1) / 2 + CROP_LOWER * width
        x, y = ((place - border + 0.5) / scale - 0.5 for place in (x, y))
        squares.append(Square.about(x, y, CROP_RATIO * width / scale))
    return sorted(squares, key=lambda square: square.left)


def whole(gray: np.ndarray) -> Square:
    """The smallest square around all of a photo, uint8 (h, w)."""
    height, width = gray.shape
    return Square.about((width - 1) / 2, (height - 1) / 2, max(height, width))


def frame(keypoints: np.ndarray, usual: np.ndarray) -> Square:
    """The square in which a face's keypoints lie as `usual` ones lie in the competition's images.

    Args:
        keypoints: float (15, 2) in pixels of the photo.
        usual: float (15, 2) in pixels, the mean of a training set.
    """
    zoom = _spread(keypoints) / _spread(usual)
    centre = (IMAGE_SIZE - 1) / 2
    x, y = keypoints.mean(axis=0) + zoom * (centre - usual.mean(axis=0))
    return Square.about(x, y, zoom * IMAGE_SIZE)


def _spread(keypoints: np.ndarray) -> float:
    """Root mean square distance from their mean."""
    return float(np.sqrt(((keypoints - keypoints.mean(axis=0)) ** 2).sum(axis=1).mean()))
