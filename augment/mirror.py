"""The left-right mirror of a face: the image, the coordinates and the keypoints' names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import albumentations as A
import numpy as np

from data.competition import MIRROR

_PARTNER = np.array(MIRROR)


class Mirror(A.HorizontalFlip):
    """A.HorizontalFlip whose left and right keypoints also exchange their names.

    It turns one more value of the call, `mirrored`, from False to True and back: annotators put
    some points to one side of the face's axis, and only a network that knows which faces are
    mirrored can learn how far.
    """

    @property
    def targets(self) -> dict[str, Callable[..., Any]]:
        """What is done to each value of a call."""
        return {**super().targets, "mirrored": self.apply_to_mirrored}

    def apply_to_keypoints(self, keypoints: np.ndarray, **params: Any) -> np.ndarray:
        """Mirror keypoints (15, 5): x, y and the three columns albumentations adds."""
        return super().apply_to_keypoints(keypoints, **params)[_PARTNER]

    def apply_to_mirrored(self, mirrored: bool, **params: Any) -> bool:
        """Tell that the face is mirrored, or no longer is."""
        return not mirrored
