"""Test-time views: a face is predicted as it is, mirrored, and slightly zoomed and turned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from data.competition import IMAGE_SIZE
from data.faces import mirror_keypoints

Predict = Callable[[np.ndarray, bool], np.ndarray]
"""From uint8 images (N, 96, 96) and whether they are mirrored to keypoints (N, 15, 2) in pixels."""


@dataclass(frozen=True)
class View:
    """One way to look at a face.

    Attributes:
        zoom: scale about the image's centre.
        turn: degrees about it.
        mirrored: left and right exchanged, after that.
    """

    zoom: float = 1.0
    turn: float = 0.0
    mirrored: bool = False

    @property
    def name(self) -> str:
        """What the reports call it."""
        parts = [f"zoom {self.zoom:g}"] if self.zoom != 1 else []
        parts += [f"turn {self.turn:+g}°"] if self.turn else []
        parts += ["mirrored"] if self.mirrored else []
        return ", ".join(parts) or "as it is"

    def predict(self, images: np.ndarray, predict: Predict) -> np.ndarray:
        """What `predict` sees in this view of the images, in the images' own pixels."""
        centre = (IMAGE_SIZE - 1) / 2
        matrix = cv2.getRotationMatrix2D((centre, centre), self.turn, self.zoom)
        seen = images if self.zoom == 1 and not self.turn else _warped(images, matrix)
        if self.mirrored:
            keypoints = mirror_keypoints(predict(seen[:, :, ::-1], True))
        else:
            keypoints = predict(seen, False)
        back = cv2.invertAffineTransform(matrix).astype(keypoints.dtype)
        return keypoints @ back[:, :2].T + back[:, 2]


VIEWS: dict[str, tuple[View, ...]] = {
    "plain": (View(),),
    "mirror": (View(), View(mirrored=True)),
    "six": tuple(
        View(zoom, turn, mirrored)
        for zoom, turn in ((1.0, 0.0), (0.95, 5.0), (1.05, -5.0))
        for mirrored in (False, True)
    ),
}
"""The sets of views that a recipe may name."""


def predict_views(views: tuple[View, ...], images: np.ndarray, predict: Predict) -> np.ndarray:
    """Keypoints float32 (V views, N, 15, 2) in pixels, clipped to the image."""
    keypoints = np.stack([view.predict(images, predict) for view in views])
    return np.clip(keypoints, 0, IMAGE_SIZE).astype(np.float32)


def _warped(images: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Resample images (N, 96, 96) as the augmentation does."""
    size = (IMAGE_SIZE, IMAGE_SIZE)
    return np.stack(
        [cv2.warpAffine(i, matrix, size, borderMode=cv2.BORDER_REPLICATE) for i in images]
    )
