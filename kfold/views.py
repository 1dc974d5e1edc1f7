"""Test-time views: a face is predicted as it is, mirrored, and moved by parts of a map's cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from data.competition import IMAGE_SIZE
from data.faces import mirror_keypoints

Predict = Callable[[np.ndarray, bool], np.ndarray]
"""From uint8 images (N, 96, 96) and whether they are mirrored to keypoints (N, 15, 2) in pixels."""


@dataclass(frozen=True)
class View:
    """One way to look at a face.

    Attributes:
        shift: pixels that it is moved to the right and down, its border repeated.
        mirrored: left and right exchanged, after that.
    """

    shift: int = 0
    mirrored: bool = False

    @property
    def name(self) -> str:
        """What the reports call it."""
        parts = [f"shift {self.shift:+d} px"] if self.shift else []
        parts += ["mirrored"] if self.mirrored else []
        return ", ".join(parts) or "as it is"

    def predict(self, images: np.ndarray, predict: Predict) -> np.ndarray:
        """What `predict` sees in this view of the images, in the images' own pixels."""
        seen = _moved(images, self.shift)
        if self.mirrored:
            keypoints = mirror_keypoints(predict(seen[:, :, ::-1], True))
        else:
            keypoints = predict(seen, False)
        return keypoints - keypoints.dtype.type(self.shift)


def _views(*shifts: int) -> tuple[View, ...]:
    return tuple(View(shift, mirrored) for shift in shifts for mirrored in (False, True))


VIEWS: dict[str, tuple[View, ...]] = {
    "plain": (View(),),
    "mirror": _views(0),
    "four": _views(0, -2),
    "eight": _views(0, -2, 1, -1),
}
"""The sets of views that a recipe may name.

Strided layers see a face otherwise when it moves by less than their stride (Zhang, 2019, "Making
convolutional networks shift-invariant again"): four pixels for a map of 24x24, so that the shifts
of `eight` are all there are on the diagonal, and those of `four` are as far apart as can be.
"""


def predict_views(views: tuple[View, ...], images: np.ndarray, predict: Predict) -> np.ndarray:
    """Keypoints float32 (V views, N, 15, 2) in pixels, clipped to the image."""
    keypoints = np.stack([view.predict(images, predict) for view in views])
    return np.clip(keypoints, 0, IMAGE_SIZE).astype(np.float32)


def _moved(images: np.ndarray, shift: int) -> np.ndarray:
    """Images (N, H, W) moved to the right and down."""
    border, (height, width) = abs(shift), images.shape[1:]
    padded = np.pad(images, ((0, 0), (border, border), (border, border)), mode="edge")
    start = border - shift
    return padded[:, start : start + height, start : start + width]
