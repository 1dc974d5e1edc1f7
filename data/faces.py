"""Face images with their keypoints: the value that all rooms exchange."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from data.competition import ANNOTATORS, IMAGE_SIZE, KEYPOINTS, MIRROR, SECOND_ANNOTATOR


@dataclass(frozen=True)
class Faces:
    """N face images and the labels of their K = 15 keypoints.

    Attributes:
        images: uint8 (N, 96, 96), gray values, rows then columns.
        keypoints: float32 (N, 15, 2), (x, y) in pixels; NaN where there is no label. A coordinate
            is a pixel index: the centre of the top-left pixel is (0, 0).
        ids: int64 (N,), the 0-based row of training.csv, or the ImageId of test.csv.
        annotator: int8 (N,), 1 or 2.

    Raises:
        ValueError: an array has another shape or type.
    """

    images: np.ndarray
    keypoints: np.ndarray
    ids: np.ndarray
    annotator: np.ndarray

    def __post_init__(self) -> None:
        n = len(self.images)
        expected = {
            "images": ((n, IMAGE_SIZE, IMAGE_SIZE), np.uint8),
            "keypoints": ((n, len(KEYPOINTS), 2), np.float32),
            "ids": ((n,), np.int64),
            "annotator": ((n,), np.int8),
        }
        for name, (shape, dtype) in expected.items():
            array = getattr(self, name)
            if array.shape != shape or array.dtype != dtype:
                raise ValueError(
                    f"Faces.{name}: expected {np.dtype(dtype)} {shape}, "
                    f"found {array.dtype} {array.shape}"
                )

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: np.ndarray | slice) -> Faces:
        """Select rows by index array, boolean mask or slice."""
        return Faces(self.images[rows], self.keypoints[rows], self.ids[rows], self.annotator[rows])

    def without(self, suspects: np.ndarray) -> Faces:
        """Copy that lacks the labels marked in `suspects`, bool (N, 15)."""
        keypoints = np.where(suspects[..., None], np.float32(np.nan), self.keypoints)
        return replace(self, keypoints=keypoints)

    @property
    def labelled(self) -> np.ndarray:
        """Bool (N, 15): which keypoints have a label."""
        return ~np.isnan(self.keypoints).any(axis=-1)


def mirror_keypoints(keypoints: np.ndarray) -> np.ndarray:
    """Keypoints (N, 15, 2) of the mirrored images: x becomes 95 - x, left and right swap."""
    mirrored = keypoints[:, MIRROR].copy()
    mirrored[..., 0] = IMAGE_SIZE - 1 - mirrored[..., 0]
    return mirrored


def group_identical_images(images: np.ndarray) -> np.ndarray:
    """Group numbers int64 (N,) from 0, equal for images uint8 (N, 96, 96) with equal pixels."""
    as_bytes = np.ascontiguousarray(images).reshape(-1).view(f"V{IMAGE_SIZE**2}")
    return np.unique(as_bytes, return_inverse=True)[1]


def infer_annotators(points: np.ndarray) -> np.ndarray:
    """Annotator int8 (N,) of each image, from which of its keypoints are labelled or requested.

    The second annotator labels only keypoints of `SECOND_ANNOTATOR`, the first nearly always all
    15. An image with any other keypoint is the first's, and so is one without keypoints.

    Args:
        points: bool (N, 15).
    """
    others = np.delete(points, SECOND_ANNOTATOR, axis=1).any(axis=1)
    return np.where(others | ~points.any(axis=1), *ANNOTATORS).astype(np.int8)
