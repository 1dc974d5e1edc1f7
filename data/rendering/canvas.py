"""Canvases in face coordinates, and the shapes painted on them.

A canvas is float32 (V, U) albedo; its columns lie at the face coordinates `COLUMNS`, its rows at
`ROWS`.
"""

from __future__ import annotations

import cv2
import numpy as np

DENSITY = 52
"""Pixels of a canvas per face unit."""

_EXTENT = (1.05, 1.65)
COLUMNS, ROWS = (np.linspace(-e, e, round(2 * e * DENSITY) + 1) for e in _EXTENT)

_START = np.array([COLUMNS[0], ROWS[0]])
_SUBPIXEL_BITS = 4
_ACROSS = np.array([-1.0, 1.0])
_STEPS = np.linspace(0, 1, 16)
_ANGLES = np.linspace(0, 2 * np.pi, 33)
_CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=-1)


def sample(canvas: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Interpolate a canvas at face coordinates, float32 (N,) each, clamped to its edges."""
    column, row = (u - np.float32(COLUMNS[0])) * DENSITY, (v - np.float32(ROWS[0])) * DENSITY
    border = cv2.BORDER_REPLICATE
    return cv2.remap(canvas, column, row, cv2.INTER_LINEAR, borderMode=border).ravel()


def fill(
    canvas: np.ndarray,
    outlines: np.ndarray,
    albedo: float | np.ndarray,
    opacity: float = 1.0,
    blur: float = 0.0,
    within: np.ndarray | None = None,
) -> None:
    """Fill one or several polygons with an albedo, in place.

    Args:
        canvas: to paint on.
        outlines: (N, 2) or (polygons, N, 2), face coordinates of the corners.
        albedo: a constant, or (V, U).
        opacity: from 0 to 1.
        blur: standard deviation of the edges' blur, in face units.
        within: (M, 2) or (polygons, M, 2), polygons that clip the paint.
    """
    corners = _to_canvas(outlines)
    margin = int(3 * blur * DENSITY) + 2
    left, top, width, height = cv2.boundingRect(corners.reshape(-1, 1, 2))
    left, right = max(left - margin, 0), max(left + width + margin, 0)
    top, bottom = max(top - margin, 0), max(top + height + margin, 0)
    area = canvas[top:bottom, left:right]
    start = np.array([left, top], np.float32)
    mask = _mask(corners - start, area.shape)
    if blur:
        mask = cv2.GaussianBlur(mask, (0, 0), blur * DENSITY)
    if within is not None:
        mask *= _mask(_to_canvas(within) - start, area.shape)
    mask *= np.float32(opacity)
    paint = albedo[top:bottom, left:right] if isinstance(albedo, np.ndarray) else np.float32(albedo)
    area += (paint - area) * mask


def _to_canvas(points: np.ndarray) -> np.ndarray:
    return ((points - _START) * DENSITY).astype(np.float32)


def _mask(corners: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Antialiased polygons, float32 `shape`, from 0 to 1."""
    mask = np.zeros(shape, np.uint8)
    fixed_point = np.rint(corners * 2**_SUBPIXEL_BITS).astype(np.int32)
    polygons = list(fixed_point.reshape(-1, *corners.shape[-2:]))
    cv2.fillPoly(mask, polygons, 255, cv2.LINE_AA, _SUBPIXEL_BITS)
    return mask * np.float32(1 / 255)


def arc(start: np.ndarray, end: np.ndarray, rise: float = 0.0, skew: float = 1.0) -> np.ndarray:
    """Curve (..., 16, 2) that peaks `rise` above its chord, past the middle if `skew` > 1."""
    curve = start[..., None, :] + _STEPS[:, None] * (end - start)[..., None, :]
    curve[..., 1] -= 4 * rise * _STEPS**skew * (1 - _STEPS**skew)
    return curve


def stroke(curve: np.ndarray, *widths: float) -> np.ndarray:
    """Outline (..., 2n, 2) of a stroke along `curve` (..., n, 2); widths at equal steps."""
    along = np.empty_like(curve)
    along[..., 1:-1, :] = curve[..., 2:, :] - curve[..., :-2, :]
    along[..., 0, :] = curve[..., 1, :] - curve[..., 0, :]
    along[..., -1, :] = curve[..., -1, :] - curve[..., -2, :]
    steps = np.arange(curve.shape[-2]) * ((len(widths) - 1) / (curve.shape[-2] - 1))
    half = np.interp(steps, range(len(widths)), widths) / 2
    half = half / np.hypot(along[..., 0], along[..., 1])
    across = along[..., ::-1] * _ACROSS * half[..., None]
    return np.concatenate([curve + across, (curve - across)[..., ::-1, :]], axis=-2)


def ellipse(centre: np.ndarray, width: float, height: float, squareness: float = 1.0) -> np.ndarray:
    """Outline (..., 33, 2) of an ellipse by its half axes; `squareness` < 1 fills its corners."""
    circle = _CIRCLE
    if squareness != 1:
        circle = np.sign(circle) * np.abs(circle) ** squareness
    return centre[..., None, :] + circle * np.array([width, height])


def area_between(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Outline (..., n + m, 2) of the area between two curves that run in the same direction."""
    return np.concatenate([one, other[..., ::-1, :]], axis=-2)
