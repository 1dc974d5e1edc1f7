"""Horizontal flip of a face: its image, its coordinates and its left and right keypoints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import albumentations as A
import numpy as np

from data.competition import MIRROR

_FLIP_ORDER = np.array(MIRROR)


class KeypointFlip(A.HorizontalFlip):
    """`A.HorizontalFlip` that also swaps left and right keypoints.

    It inverts one more target, the bool `mirrored`. Annotators place some keypoints to one side of
    the face's axis; a network can learn by how much only if it knows which faces are mirrored.
    """

    @property
    def targets(self) -> dict[str, Callable[..., Any]]:
        """The function that transforms each target."""
        return {**super().targets, "mirrored": self.apply_to_mirrored}

    def apply_to_keypoints(self, keypoints: np.ndarray, **params: Any) -> np.ndarray:
        """Flip keypoints (15, 5): x, y and three columns of albumentations' own."""
        return super().apply_to_keypoints(keypoints, **params)[_FLIP_ORDER]

    def apply_to_mirrored(self, mirrored: bool, **params: Any) -> bool:
        """Invert the flag."""
        return not mirrored
