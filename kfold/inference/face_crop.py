"""Square crops around the faces of a photo, framed as the competition's images are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from data.competition import IMAGE_SIZE

CROP_RATIO, CROP_SHIFT = 1.12, 0.04
"""Crop around a detected face box: its side, and how far its centre lies below the box's centre,
both in box widths. The competition's own crops have 1.24 and 0.07 on rendered faces, 1.01 and 0.01
on photographs; a value between them is enough, as `aligned_crop` crops again."""

_MAX_SIDE = 1600  # px of the searched photo: finds faces of 1/60 of it in about a second
_MIN_FACE = 24  # px of the searched photo; the detector's own window is 20
_BORDER = 0.25  # of the shorter side: without a border, half of the tight portraits are missed


@dataclass(frozen=True)
class FaceCrop:
    """A square of whole pixels of a photo; it may reach beyond the photo's edges.

    Attributes:
        left: x of the first column.
        top: y of the first row.
        size: side, in pixels of the photo.
    """

    left: int
    top: int
    size: int

    @classmethod
    def centred(cls, x: float, y: float, size: float) -> FaceCrop:
        """The crop closest to a square of side `size` with its centre at (x, y)."""
        size = max(2, round(size))
        half = (size - 1) / 2
        return cls(round(x - half), round(y - half), size)

    def extract(self, gray: np.ndarray) -> np.ndarray:
        """Cut the crop out of a photo, uint8 (h, w), and resize it to uint8 (96, 96).

        Outside of the photo its border pixels are repeated.
        """
        rows = np.clip(np.arange(self.top, self.top + self.size), 0, gray.shape[0] - 1)
        columns = np.clip(np.arange(self.left, self.left + self.size), 0, gray.shape[1] - 1)
        method = cv2.INTER_AREA if self.size > IMAGE_SIZE else cv2.INTER_CUBIC
        return cv2.resize(gray[np.ix_(rows, columns)], (IMAGE_SIZE, IMAGE_SIZE), None, 0, 0, method)

    def to_photo(self, keypoints: np.ndarray) -> np.ndarray:
        """Map keypoints (15, 2) from pixels of the resized crop to pixels of the photo."""
        # Pixel centres have whole coordinates, so pixel edges, not centres, are scaled.
        return (keypoints + 0.5) * self.size / IMAGE_SIZE - 0.5 + (self.left, self.top)


@dataclass(frozen=True)
class PhotoFace:
    """A face of a photo.

    Attributes:
        crop: what the network saw.
        keypoints: float (15, 2) in pixels of the photo.
    """

    crop: FaceCrop
    keypoints: np.ndarray


def detect_faces(gray: np.ndarray) -> list[FaceCrop]:
    """Crops around the faces of a photo, uint8 (h, w), from left to right (Viola & Jones, 2001).

    Detects upright faces that look into the camera, from 24 px and from 1/60 of the photo's longer
    side.
    """
    scale = min(1.0, _MAX_SIDE / max(gray.shape))
    border = math.ceil(_BORDER * min(gray.shape) * scale)
    small = cv2.resize(gray, None, None, scale, scale, cv2.INTER_AREA) if scale < 1 else gray
    padded = np.pad(small, border, "edge")
    cascade = Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_alt2.xml"
    detector = cv2.CascadeClassifier(str(cascade))
    boxes = detector.detectMultiScale(padded, 1.1, 5, minSize=(_MIN_FACE, _MIN_FACE))
    crops = []
    for left, top, width, height in boxes:
        x, y = left + (width - 1) / 2, top + (height - 1) / 2 + CROP_SHIFT * width
        x, y = ((centre - border + 0.5) / scale - 0.5 for centre in (x, y))
        crops.append(FaceCrop.centred(x, y, CROP_RATIO * width / scale))
    return sorted(crops, key=lambda crop: crop.left)


def whole_photo_crop(gray: np.ndarray) -> FaceCrop:
    """The smallest crop that contains all of a photo, uint8 (h, w)."""
    height, width = gray.shape
    return FaceCrop.centred((width - 1) / 2, (height - 1) / 2, max(height, width))


def aligned_crop(keypoints: np.ndarray, mean_face: np.ndarray) -> FaceCrop:
    """The crop in which a face has the centre and the size of the mean face.

    Args:
        keypoints: float (15, 2) in pixels of the photo.
        mean_face: float (15, 2) in pixels, the mean keypoints of a training set.
    """
    scale = _spread(keypoints) / _spread(mean_face)
    centre = (IMAGE_SIZE - 1) / 2
    x, y = keypoints.mean(axis=0) + scale * (centre - mean_face.mean(axis=0))
    return FaceCrop.centred(x, y, scale * IMAGE_SIZE)


def _spread(keypoints: np.ndarray) -> float:
    """Root mean square distance of keypoints from their centre."""
    return float(np.sqrt(((keypoints - keypoints.mean(axis=0)) ** 2).sum(axis=1).mean()))
