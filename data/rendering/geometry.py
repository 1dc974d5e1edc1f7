"""Geometry of head and camera: maps face coordinates to pixels and back.

The head is an ellipsoid with a relief (nose, eye sockets, lips) along the axis towards the viewer.
It is turned by yaw and pitch, tapered to a jaw, then rolled, scaled and shifted in the image.
The projection is orthographic, and each step is invertible.
"""

from __future__ import annotations

import numpy as np

from data.rendering.canvas import COLUMNS, DENSITY, ROWS, sample
from data.rendering.parameters import FaceParameters, landmarks_of

Triple = tuple[float, float, float]

RADII: Triple = (1.0, 1.55, 1.15)
"""Half axes of the head: sideways, down, and towards the viewer."""

_MIDDLE = np.array([[0.0, 0.45]])
"""Face coordinates of the point that appears at `x` and `y` in the image."""


def _bumps(face: FaceParameters) -> np.ndarray:
    """Gaussians (n, 5) whose sum is the relief: centre u and v, spread in u and v, height."""
    marks = landmarks_of(face)
    nose, width, lips = face.nose_v, face.nose_width, face.lips
    mouth_top, mouth_bottom = marks.mouth_top[1], marks.mouth_bottom[1]
    single = [
        (0.0, nose - 0.30, 0.13 * width, 0.26, 0.11 * face.nose_height),
        (0.0, nose, 0.16 * width, 0.17, 0.20 * face.nose_height),
        (0.0, 1.0, 0.45, 0.35, 0.07),
        (0.0, mouth_top - 0.05, 0.26, 0.07, 0.035 * lips),
        (0.0, mouth_bottom + 0.06, 0.22, 0.07, 0.05 * lips),
        (0.0, mouth_bottom + 0.21, 0.20, 0.06, -0.03),
        (0.0, 1.42, 0.28, 0.14, 0.08),
    ]
    paired = [
        (0.17 * width, nose + 0.10, 0.09, 0.09, 0.11),
        (face.eye_u, -0.03, 0.25, 0.16, -0.08),
        (0.19, -0.02, 0.09, 0.13, -0.04),
        (face.eye_u, 0.01, 0.15, 0.11, 0.06),
        (0.40, face.brow_v + 0.03, 0.30, 0.09, 0.05),
        (0.60, 0.45, 0.28, 0.22, 0.04 + 0.05 * max(face.smile, 0.0)),
    ]
    return np.array(single + paired + [(-u, *rest) for u, *rest in paired])


def _gaussians(face: FaceParameters, u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Factors (n, U) and (n, V) of the bumps; the relief is the sum of their products over n."""
    u0, v0, spread_u, spread_v, height = _bumps(face).T[:, :, None]
    return height * np.exp(-(((u - u0) / spread_u) ** 2)), np.exp(-(((v - v0) / spread_v) ** 2))


def _turn(face: FaceParameters) -> np.ndarray:
    """Rotation (3, 3) of the head: yaw, then pitch."""
    (cy, cp), (sy, sp) = np.cos([face.yaw, face.pitch]), np.sin([face.yaw, face.pitch])
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    pitch = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    return pitch @ yaw


def _roll(face: FaceParameters) -> np.ndarray:
    """Rotation (2, 2) in the image plane."""
    c, s = np.cos(face.roll), np.sin(face.roll)
    return np.array([[c, -s], [s, c]])


def _taper(face: FaceParameters, y: np.ndarray) -> np.ndarray:
    """Width of the head at height `y`, relative to the ellipsoid's width."""
    return 1 - face.jaw * np.clip(y, 0, 1.5) ** 2


def _upright(face: FaceParameters, points: np.ndarray) -> np.ndarray:
    """Turn and taper face coordinates (N, 2); returns view coordinates (N, 2) before the roll."""
    across, down = _gaussians(face, *points.T)
    ellipsoid = RADII[2] * np.sqrt(1 - ((points / RADII[:2]) ** 2).sum(axis=-1))
    x, y, _ = _turn(face) @ np.stack([*points.T, ellipsoid + (across * down).sum(axis=0)])
    return np.stack([x * _taper(face, y), y], axis=-1)


def project(face: FaceParameters, points: np.ndarray) -> np.ndarray:
    """Project face coordinates (N, 2) on the surface to pixels (N, 2)."""
    view = _upright(face, points) - _upright(face, _MIDDLE)
    return view @ _roll(face).T * face.scale + [face.x, face.y]


def cast_rays(face: FaceParameters, pixels: np.ndarray) -> np.ndarray:
    """Rays float32 (2, N) of pixels (N, 2): their x and y before taper, roll, scale and shift."""
    view = (pixels - [face.x, face.y]) @ _roll(face) / face.scale + _upright(face, _MIDDLE)
    x, y = view.T.astype(np.float32)
    return np.stack([x / _taper(face, y), y])


def intersect_ellipsoid(
    face: FaceParameters,
    rays: np.ndarray,
    centre: Triple = (0.0, 0.0, 0.0),
    radii: Triple = RADII,
    raised: np.ndarray | float = 0.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Intersect rays with an ellipsoid that turns with the head.

    Args:
        face: gives yaw and pitch.
        rays: float32 (2, N), from `cast_rays`.
        centre: of the ellipsoid, in the head's frame.
        radii: half axes of the ellipsoid.
        raised: (N,), shift of the surface along the head's axis towards the viewer.

    Returns:
        points: (3, N), intersections in the head's frame, without the shift.
        outward: (3, N), outward normals of any length, in the head's frame.
        inside: (N,), approximate distance of a ray from the outline in face units, negative for
            one that misses.
    """
    turn, axes = _turn(face).astype(np.float32), np.array(radii, np.float32)[:, None]
    start = turn[:2].T @ rays - np.array(centre, np.float32)[:, None]
    start[2] -= raised
    start /= axes
    step = turn[2] / axes[:, 0]
    a, b = step @ step, step @ start
    square = b**2 - a * (np.einsum("in,in->n", start, start) - 1)
    depth = (np.sqrt(np.clip(square, 0, None)) - b) / a
    start += np.outer(step, depth)
    return start * axes, start / axes, square / (2 * a)


def intersect_head(
    face: FaceParameters, rays: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Intersect rays with the head and its relief; arguments as for `intersect_ellipsoid`.

    The intersection depends on the height of the relief there. Four fixed-point iterations find
    it to 0.1 px at every keypoint of 150 random faces, to 0.01 px on average.
    """
    across, down = _gaussians(face, COLUMNS, ROWS)
    height = (down.T @ across).astype(np.float32)
    raised: np.ndarray | float = 0.0
    for _ in range(4):
        points, outward, inside = intersect_ellipsoid(face, rays, raised=raised)
        raised = sample(height, *points[:2])
    for axis, slope in enumerate(np.gradient(height, 1 / DENSITY)[::-1]):
        outward[axis] -= sample(slope, *points[:2]) * outward[2]
    return points, outward, inside


def camera_normals(face: FaceParameters, outward: np.ndarray) -> np.ndarray:
    """Unit normals (3, N) in the camera's frame, of vectors (3, N) in the head's frame."""
    normal = _turn(face).astype(np.float32) @ outward
    return normal / np.sqrt(np.einsum("in,in->n", normal, normal))
