"""The surface of a made-up head, and the camera that looks at it.

The head is an ellipsoid with a relief (nose, sockets, lips) raised towards the viewer of a frontal
view. It is turned, its outline tapered to a jaw, then rolled, scaled and moved in the image; lines
of sight are parallel. Each step can be undone, so pixels and face coordinates map both ways.
"""

from __future__ import annotations

import numpy as np

from data.renderer.brush import COLUMNS, DENSITY, ROWS, look_up
from data.renderer.shape import Face, landmarks_of

Triple = tuple[float, float, float]

RADII: Triple = (1.0, 1.55, 1.15)
"""Half axes of the head: to the side, down, and towards the viewer."""

_MIDDLE = np.array([[0.0, 0.45]])
"""The face coordinates that lie at the face's `x` and `y` in the image."""


def _bumps(face: Face) -> np.ndarray:
    """The relief as Gaussians (n, 5): centre u and v, spread along u and v, height."""
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


def _gaussians(face: Face, u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Factors (n, U) and (n, V) of each bump; their products summed over n are the relief."""
    u0, v0, spread_u, spread_v, height = _bumps(face).T[:, :, None]
    return height * np.exp(-(((u - u0) / spread_u) ** 2)), np.exp(-(((v - v0) / spread_v) ** 2))


def _turn(face: Face) -> np.ndarray:
    """Rotation (3, 3) of the head about its vertical axis, then about the horizontal one."""
    (cy, cp), (sy, sp) = np.cos([face.yaw, face.pitch]), np.sin([face.yaw, face.pitch])
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    pitch = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    return pitch @ yaw


def _roll(face: Face) -> np.ndarray:
    """Rotation (2, 2) of the head in the image."""
    c, s = np.cos(face.roll), np.sin(face.roll)
    return np.array([[c, -s], [s, c]])


def _taper(face: Face, y: np.ndarray) -> np.ndarray:
    """Width of the head at height `y`, relative to the ellipsoid's."""
    return 1 - face.jaw * np.clip(y, 0, 1.5) ** 2


def _upright(face: Face, points: np.ndarray) -> np.ndarray:
    """Turn and taper face coordinates (N, 2) into the view (N, 2) before roll, scale and shift."""
    across, down = _gaussians(face, *points.T)
    ellipsoid = RADII[2] * np.sqrt(1 - ((points / RADII[:2]) ** 2).sum(axis=-1))
    x, y, _ = _turn(face) @ np.stack([*points.T, ellipsoid + (across * down).sum(axis=0)])
    return np.stack([x * _taper(face, y), y], axis=-1)


def to_pixels(face: Face, points: np.ndarray) -> np.ndarray:
    """Project face coordinates (N, 2) on the surface to pixels (N, 2)."""
    view = _upright(face, points) - _upright(face, _MIDDLE)
    return view @ _roll(face).T * face.scale + [face.x, face.y]


def lines_of_sight(face: Face, pixels: np.ndarray) -> np.ndarray:
    """Undo shift, scale, roll and taper of pixels (N, 2): lines of sight, float32 (2, N)."""
    view = (pixels - [face.x, face.y]) @ _roll(face) / face.scale + _upright(face, _MIDDLE)
    x, y = view.T.astype(np.float32)
    return np.stack([x / _taper(face, y), y])


def meet_ellipsoid(
    face: Face,
    lines: np.ndarray,
    centre: Triple = (0.0, 0.0, 0.0),
    radii: Triple = RADII,
    raised: np.ndarray | float = 0.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Follow lines of sight to an ellipsoid that turns with the head.

    Args:
        face: whose turn it is.
        lines: float32 (2, N), from `lines_of_sight`.
        centre: of the ellipsoid, in the head's frame.
        radii: half axes of the ellipsoid.
        raised: (N,), how far it is moved towards the viewer of a frontal view.

    Returns:
        points: (3, N), where they meet, in the head's frame, before it was raised.
        outward: (3, N), vectors of any length out of the surface there, in the head's frame.
        inside: (N,), about how far a line is from missing, in face units; negative if it misses.
    """
    turn, axes = _turn(face).astype(np.float32), np.array(radii, np.float32)[:, None]
    start = turn[:2].T @ lines - np.array(centre, np.float32)[:, None]
    start[2] -= raised
    start /= axes
    step = turn[2] / axes[:, 0]
    a, b = step @ step, step @ start
    square = b**2 - a * (np.einsum("in,in->n", start, start) - 1)
    depth = (np.sqrt(np.clip(square, 0, None)) - b) / a
    start += np.outer(step, depth)
    return start * axes, start / axes, square / (2 * a)


def meet_face(face: Face, lines: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Follow lines of sight to the head with its relief; takes and returns as `meet_ellipsoid`.

    Where a line meets the surface depends on the height there: a fixed point, which four rounds
    reach to 0.1 px at every keypoint of 150 random faces, 0.01 px on average.
    """
    across, down = _gaussians(face, COLUMNS, ROWS)
    height = (down.T @ across).astype(np.float32)
    raised: np.ndarray | float = 0.0
    for _ in range(4):
        points, outward, inside = meet_ellipsoid(face, lines, raised=raised)
        raised = look_up(height, *points[:2])
    for axis, slope in enumerate(np.gradient(height, 1 / DENSITY)[::-1]):
        outward[axis] -= look_up(slope, *points[:2]) * outward[2]
    return points, outward, inside


def to_camera(face: Face, outward: np.ndarray) -> np.ndarray:
    """Turn vectors (3, N) from the head's frame to unit normals (3, N) in the camera's."""
    normal = _turn(face).astype(np.float32) @ outward
    return normal / np.sqrt(np.einsum("in,in->n", normal, normal))
