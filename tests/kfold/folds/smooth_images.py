"""Random smooth images in place of photographs, larger than a face so that crops can be shifted."""

from __future__ import annotations

import cv2
import numpy as np

from data.competition import IMAGE_SIZE, KEYPOINTS
from data.faces import Faces


def smooth(count: int, seed: int) -> np.ndarray:
    """Images uint8 (count, 104, 104)."""
    size = IMAGE_SIZE + 8
    noise = np.random.default_rng(seed).normal(size=(count, size, size))
    blurred = np.stack([cv2.GaussianBlur(image, (0, 0), 6) for image in noise])
    return np.clip(128 + 40 * blurred / blurred.std(), 0, 255).astype(np.uint8)


def crop(image: np.ndarray, dx: int = 0, dy: int = 0) -> np.ndarray:
    """The middle of an image (104, 104), or up to 4 px beside it, (96, 96)."""
    return image[4 + dy : 4 + dy + IMAGE_SIZE, 4 + dx : 4 + dx + IMAGE_SIZE]


def random_labels(count: int, rng: np.random.Generator) -> np.ndarray:
    """Keypoints float32 (count, 15, 2)."""
    return rng.uniform(5, 90, (count, len(KEYPOINTS), 2)).astype(np.float32)


def faces_of(images: np.ndarray, keypoints: np.ndarray) -> Faces:
    """Faces of the first annotator."""
    n = len(images)
    return Faces(images, keypoints, np.arange(n), np.ones(n, np.int8))
