"""Dots on textured images: the change that a dot makes in an augmented image shows its new place.

A dot is Gaussian, so the logarithm of its change is a parabola whose vertex is found by linear
least squares. Pixels without change, as under an erased rectangle, are left out and bias nothing.
"""

from __future__ import annotations

import cv2
import numpy as np

from data.competition import IMAGE_SIZE

_SIGMA = 1.6
_TEXTURE = (135, 195)
_LEVELS = (30, 225)
"""Of a dark and of a bright dot: together, their change is symmetric on any texture."""

_RADIUS = 8
"""Around a dot's centre, in pixels, within which its change is fitted."""
_CORE = 0.3
"""Change below this share of the largest is not fitted."""
_FAINT = 24.0
"""Change in gray levels, summed over dark and bright dots, below which there is no dot."""

_Y, _X = np.mgrid[:IMAGE_SIZE, :IMAGE_SIZE].astype(np.float32)


def textures(seed: int) -> np.ndarray:
    """A smooth random texture and its negative, uint8 (2, 96, 96): errors by slopes cancel."""
    noise = np.random.default_rng(seed).normal(size=(IMAGE_SIZE, IMAGE_SIZE))
    ranks = cv2.GaussianBlur(noise, (0, 0), 6).ravel().argsort().argsort() / noise.size
    low, high = _TEXTURE
    texture = (low + (high - low) * ranks.reshape(noise.shape)).astype(np.uint8)
    return np.stack([texture, 255 - texture])


def with_dots(texture: np.ndarray, centre: np.ndarray) -> list[np.ndarray]:
    """The texture uint8 (96, 96) with a dark and with a bright dot at `centre`, x and y."""
    opacity = np.exp(-((_X - centre[0]) ** 2 + (_Y - centre[1]) ** 2) / (2 * _SIGMA**2))
    clear = texture * (1 - opacity)
    return [np.round(clear + level * opacity).astype(np.uint8) for level in _LEVELS]


def locate(changes: np.ndarray) -> np.ndarray | None:
    """Find a dot.

    Args:
        changes: float32 (C, 96, 96), by how much each of C dots at one place changes an image.

    Returns:
        x and y of the dot's centre in pixels, or None if it is hidden, or in the image no longer.
    """
    change = np.abs(changes).sum(axis=0)
    if np.quantile(change, 0.85) > 0:  # noise that differs from image to image
        smooth = [cv2.GaussianBlur(each, (0, 0), 1.5) for each in changes]
        change = np.abs(smooth).sum(axis=0)
        change = np.maximum(change - np.quantile(change, 0.85), 0)
    blurred = cv2.GaussianBlur(change, (0, 0), _SIGMA)
    if blurred.max() < _FAINT:
        return None
    row, column = np.unravel_index(blurred.argmax(), blurred.shape)
    near = change[max(0, row - 3) : row + 4, max(0, column - 3) : column + 4]
    core = change > _CORE * np.quantile(near, 0.95)
    centre = np.array([column, row], float)
    for _ in range(3):
        step = _to_vertex(change, core, centre)
        if step is None:
            return None
        centre += step
    x, y = np.clip(np.round(centre), 0, IMAGE_SIZE - 1).astype(int)
    return centre if change[y, x] else None


def _to_vertex(change: np.ndarray, core: np.ndarray, centre: np.ndarray) -> np.ndarray | None:
    """Step from `centre` to the vertex of the parabola; None if there is none nearby."""
    inside = core & ((_X - centre[0]) ** 2 + (_Y - centre[1]) ** 2 <= _RADIUS**2)
    weights = change[inside]
    if len(weights) < 6:
        return None
    x, y = _X[inside] - centre[0], _Y[inside] - centre[1]
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
    found = np.linalg.lstsq(terms * weights[:, None], np.log(weights) * weights, rcond=None)[0]
    curvature = np.array([[2 * found[3], found[4]], [found[4], 2 * found[5]]])
    if curvature[0, 0] >= 0 or np.linalg.det(curvature) <= 0:
        return None
    step = np.linalg.solve(curvature, -found[1:3])
    return step if np.hypot(*step) <= _RADIUS else None
