"""Test-time augmentation: each face is also predicted mirrored and shifted by a pixel or two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from data.competition import IMAGE_SIZE
from data.faces import mirror_keypoints

Predict = Callable[[np.ndarray, bool], np.ndarray]
"""Maps uint8 images (N, 96, 96) and whether they are mirrored to keypoints (N, 15, 2) in pixels."""


@dataclass(frozen=True)
class View:
    """One test-time view of a face.

    Attributes:
        shift: pixels to the right and down; the border is repeated.
        mirrored: whether the image is mirrored after the shift.
    """

    shift: int = 0
    mirrored: bool = False

    @property
    def name(self) -> str:
        """Name in reports."""
        parts = [f"shift {self.shift:+d} px"] if self.shift else []
        parts += ["mirrored"] if self.mirrored else []
        return ", ".join(parts) or "as it is"

    def predict(self, images: np.ndarray, predict: Predict) -> np.ndarray:
        """Predict keypoints (N, 15, 2) in this view, in pixels of the images as they are."""
        shifted = _shifted(images, self.shift)
        if self.mirrored:
            keypoints = mirror_keypoints(predict(shifted[:, :, ::-1], True))
        else:
            keypoints = predict(shifted, False)
        return keypoints - keypoints.dtype.type(self.shift)


def _views(*shifts: int) -> tuple[View, ...]:
    return tuple(View(shift, mirrored) for shift in shifts for mirrored in (False, True))


TTA: dict[str, tuple[View, ...]] = {
    "none": (View(),),
    "flip": _views(0),
    "four": _views(0, -2),
    "eight": _views(0, -2, 1, -1),
}
"""Sets of test-time views by name.

Networks with strides are not invariant to shifts below their stride (Zhang, 2019, "Making
Convolutional Networks Shift-Invariant Again"). `eight` covers every diagonal phase of a
heatmap's 4 px stride; `four` takes the two farthest apart.
"""


def predict_with_tta(views: tuple[View, ...], images: np.ndarray, predict: Predict) -> np.ndarray:
    """Predict V views: keypoints float32 (V, N, 15, 2) in pixels, clipped to the image."""
    keypoints = np.stack([view.predict(images, predict) for view in views])
    return np.clip(keypoints, 0, IMAGE_SIZE).astype(np.float32)


def _shifted(images: np.ndarray, shift: int) -> np.ndarray:
    """Images (N, H, W) shifted right and down by `shift` pixels."""
    border, (height, width) = abs(shift), images.shape[1:]
    padded = np.pad(images, ((0, 0), (border, border), (border, border)), mode="edge")
    start = border - shift
    return padded[:, start : start + height, start : start + width]
