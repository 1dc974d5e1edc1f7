"""Draw predicted keypoints on a photo."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageColor

from augment.preview import colour_of
from data.competition import KEYPOINTS
from kfold.inference.face_crop import PhotoFace

_MIN_FACE = 384  # px across the smallest face of a drawing, by enlarging the photo
_MAX_SIDE = 2400  # px of an enlarged photo
_SHIFT = 4  # fractional bits of OpenCV's coordinates
_DARK, _LIGHT = (20, 20, 20), (255, 255, 255)


def draw_faces(photo: np.ndarray, faces: Sequence[PhotoFace]) -> Image.Image:
    """Draw a dot at each keypoint and a frame around each face.

    Dots have the colour of the subject's own side. A photo of small faces is enlarged by a whole
    factor.

    Args:
        photo: uint8 (h, w, 3), RGB.
        faces: one or more.
    """
    smallest = min(face.crop.size for face in faces)
    scale = max(1, min(math.ceil(_MIN_FACE / smallest), _MAX_SIDE // max(photo.shape)))
    canvas = (
        cv2.resize(photo, None, None, scale, scale, cv2.INTER_CUBIC) if scale > 1 else photo.copy()
    )
    for face in faces:
        size = scale * face.crop.size
        corner = np.array([face.crop.left, face.crop.top]) - 0.5
        _draw_frame(canvas, _scaled([corner, corner + face.crop.size], scale), size)
        for name, position in zip(KEYPOINTS, _scaled(face.keypoints, scale), strict=True):
            _draw_dot(canvas, position, size, ImageColor.getrgb(colour_of(name))[:3])
    return Image.fromarray(canvas)


def _scaled(positions: Sequence[np.ndarray] | np.ndarray, scale: int) -> np.ndarray:
    """Map positions (n, 2) to a canvas enlarged by `scale`."""
    return (np.asarray(positions) + 0.5) * scale - 0.5


def _fixed_point(position: np.ndarray) -> tuple[int, int]:
    """A position with `_SHIFT` fractional bits."""
    x, y = np.rint(position * 2**_SHIFT).astype(int).tolist()
    return x, y


def _draw_dot(canvas: np.ndarray, position: np.ndarray, size: int, colour: tuple[int, ...]) -> None:
    """Draw a disc with a dark rim, 1/40 of the face across."""
    for share, tone in ((1 / 62, _DARK), (1 / 85, colour)):
        radius = round(max(1.0, share * size) * 2**_SHIFT)
        cv2.circle(canvas, _fixed_point(position), radius, tone, cv2.FILLED, cv2.LINE_AA, _SHIFT)


def _draw_frame(canvas: np.ndarray, corners: np.ndarray, size: int) -> None:
    """Draw a light square with a dark rim around a face."""
    start, end = map(_fixed_point, corners)
    line = max(1, round(size / 250))
    for width, tone in ((line + 2, _DARK), (line, _LIGHT)):
        cv2.rectangle(canvas, start, end, tone, width, cv2.LINE_AA, _SHIFT)
