"""Draw predicted keypoints on a photo."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageColor

from augment.preview import colour_of
from data.competition import KEYPOINTS
from kfold.face_finder import Square

_LEGIBLE = 384  # px across a face: smaller ones are enlarged
_LONGEST = 2400  # px: no photo is enlarged beyond
_FRACTION = 4  # bits of a pixel that OpenCV is told of
_DARK, _LIGHT = (20, 20, 20), (255, 255, 255)


def draw_faces(photo: np.ndarray, faces: Sequence[tuple[Square, np.ndarray]]) -> Image.Image:
    """The photo with a dot for each keypoint and a frame around each face.

    Dots have the colour of the subject's own side. A photo of small faces is enlarged by a whole
    factor.

    Args:
        photo: uint8 (h, w, 3), RGB.
        faces: of each its square and its keypoints (15, 2), in pixels of the photo.
    """
    smallest = min(square.size for square, _ in faces)
    zoom = max(1, min(math.ceil(_LEGIBLE / smallest), _LONGEST // max(photo.shape)))
    canvas = (
        cv2.resize(photo, None, None, zoom, zoom, cv2.INTER_CUBIC) if zoom > 1 else photo.copy()
    )
    for square, keypoints in faces:
        corner = np.array([square.left, square.top]) - 0.5
        _frame(canvas, _zoomed([corner, corner + square.size], zoom), zoom * square.size)
        for name, place in zip(KEYPOINTS, _zoomed(keypoints, zoom), strict=True):
            _dot(canvas, place, zoom * square.size, ImageColor.getrgb(colour_of(name))[:3])
    return Image.fromarray(canvas)


def _zoomed(places: Sequence[np.ndarray] | np.ndarray, zoom: int) -> np.ndarray:
    """Places (n, 2) on a canvas whose pixels are `zoom` times as many each way."""
    return (np.asarray(places) + 0.5) * zoom - 0.5


def _fixed(place: np.ndarray) -> tuple[int, int]:
    x, y = np.rint(place * 2**_FRACTION).astype(int).tolist()
    return x, y


def _dot(canvas: np.ndarray, place: np.ndarray, size: int, colour: tuple[int, ...]) -> None:
    """A disc with a dark rim, 1/40 of the face across."""
    for share, tone in ((1 / 62, _DARK), (1 / 85, colour)):
        radius = round(max(1.0, share * size) * 2**_FRACTION)
        cv2.circle(canvas, _fixed(place), radius, tone, cv2.FILLED, cv2.LINE_AA, _FRACTION)


def _frame(canvas: np.ndarray, corners: np.ndarray, size: int) -> None:
    """A light line with a dark rim around a face."""
    start, end = map(_fixed, corners)
    line = max(1, round(size / 250))
    for width, tone in ((line + 2, _DARK), (line, _LIGHT)):
        cv2.rectangle(canvas, start, end, tone, width, cv2.LINE_AA, _FRACTION)
