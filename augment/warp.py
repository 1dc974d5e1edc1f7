"""Geometric augmentation: rotation, scale, shift and perspective in one resampling."""

from __future__ import annotations

import math
from typing import Any

import albumentations as A
import cv2
import numpy as np

from data.competition import IMAGE_SIZE

_LAST = IMAGE_SIZE - 1
_CENTRE = (_LAST / 2, _LAST / 2)
_CORNERS = np.array([[0, 0], [_LAST, 0], [_LAST, _LAST], [0, _LAST]], np.float32)


class Warp(A.DualTransform):
    """Random homography of a face (96, 96); its keypoints follow exactly.

    The homography is given by where it takes the four corner pixels. They rotate by up to `rotate`
    degrees about the image's centre, scale by a log-uniform factor from `scale` and shift by up to
    `shift` pixels along each axis; then each corner moves by up to `perspective` pixels along each
    axis. Pixels from beyond the image repeat its border.

    One resampling keeps an image sharper than `A.Affine` followed by `A.Perspective`, in a quarter
    of the time. There is no elastic deformation: `A.ElasticTransform` rounds keypoints to whole
    pixels.
    """

    def __init__(
        self,
        rotate: float,
        scale: tuple[float, float],
        shift: float,
        perspective: float,
        p: float,
    ) -> None:
        super().__init__(p)
        self.rotate, self.scale = rotate, scale
        self.shift, self.perspective = shift, perspective

    def get_params(self) -> dict[str, Any]:
        """Draw the homography `matrix` (3, 3), from source pixels to output pixels."""
        draw = self.py_random.uniform
        angle = draw(-self.rotate, self.rotate)
        scale = math.exp(draw(*map(math.log, self.scale)))
        affine = cv2.getRotationMatrix2D(_CENTRE, angle, scale)
        affine[:, 2] += draw(-self.shift, self.shift), draw(-self.shift, self.shift)
        corners = cv2.transform(_CORNERS[None], affine)[0]
        limit = self.perspective
        corners += self.random_generator.uniform(-limit, limit, corners.shape)
        return {"matrix": cv2.getPerspectiveTransform(_CORNERS, corners)}

    def apply(self, img: np.ndarray, matrix: np.ndarray, **params: Any) -> np.ndarray:
        """Resample an image (96, 96)."""
        return cv2.warpPerspective(
            img, matrix, img.shape[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )

    def apply_to_keypoints(
        self, keypoints: np.ndarray, matrix: np.ndarray, **params: Any
    ) -> np.ndarray:
        """Move keypoints (K, 5): x, y and three columns of albumentations' own; NaN stays NaN."""
        # Not cv2.perspectiveTransform: it turns NaN into (0, 0).
        moved = keypoints[:, :2] @ matrix[:, :2].T + matrix[:, 2]
        return np.hstack([moved[:, :2] / moved[:, 2:], keypoints[:, 2:]])
