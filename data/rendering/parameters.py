"""Parameters of a rendered face, and the landmarks computed from them.

Face coordinates (u, v) describe a frontal view of the face: u to the image's right, v down, the
origin between the eyes, the unit half the width of the head.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

SIDES = np.array([1.0, -1.0])
"""Signs of u on the subject's left, which is the image's right, and on the subject's right."""


def _uniform(low: float, high: float) -> Any:
    return field(metadata={"range": (low, high)})


@dataclass(frozen=True)
class FaceParameters:
    """One photograph of one face; each parameter with the range of its uniform distribution.

    Angles are in radians, lengths in face units, `x`, `y` and `blur` in pixels, `scale` in pixels
    per unit, `sensor_noise` in gray values; brightness of skin, iris, hair, clothes and backdrop
    is an albedo from 0 to 1; the rest are strengths. `pattern` seeds the random textures.
    """

    # Photograph: position, pose and lighting.
    x: float = _uniform(44, 51)
    y: float = _uniform(46, 52)
    scale: float = _uniform(30, 38)
    yaw: float = _uniform(-0.4, 0.4)
    pitch: float = _uniform(-0.18, 0.18)
    roll: float = _uniform(-0.2, 0.2)
    light_x: float = _uniform(-1.0, 1.0)
    light_y: float = _uniform(-0.9, 0.1)
    ambient: float = _uniform(0.15, 0.5)
    exposure: float = _uniform(0.8, 1.2)
    backdrop: float = _uniform(0.02, 0.8)
    blur: float = _uniform(0.3, 0.8)
    sensor_noise: float = _uniform(0.5, 4.0)
    # Person.
    skin: float = _uniform(0.2, 0.65)
    jaw: float = _uniform(-0.12, 0.04)
    eye_u: float = _uniform(0.42, 0.48)
    eye_width: float = _uniform(0.2, 0.24)
    eye_slant: float = _uniform(-0.03, 0.03)
    iris: float = _uniform(0.04, 0.25)
    brow_v: float = _uniform(-0.32, -0.24)
    brow_width: float = _uniform(0.035, 0.075)
    nose_v: float = _uniform(0.48, 0.57)
    nose_width: float = _uniform(0.85, 1.25)
    nose_height: float = _uniform(0.8, 1.2)
    mouth_v: float = _uniform(0.99, 1.07)
    mouth_width: float = _uniform(0.34, 0.42)
    lips: float = _uniform(0.7, 1.3)
    hair: float = _uniform(0.02, 0.4)
    hair_line: float = _uniform(-1.1, -0.6)
    hair_volume: float = _uniform(1.04, 1.2)
    hair_length: float = _uniform(0.0, 1.0)
    hair_curl: float = _uniform(0.0, 1.0)
    parting: float = _uniform(-0.4, 0.4)
    balding: float = _uniform(0.0, 1.0)
    beard: float = _uniform(0.0, 1.0)
    glasses: float = _uniform(0.0, 1.0)
    clothes: float = _uniform(0.03, 0.8)
    pattern: float = _uniform(0, 2**31)
    # Expression.
    gaze_u: float = _uniform(-0.03, 0.03)
    gaze_v: float = _uniform(-0.015, 0.015)
    eye_open: float = _uniform(0.7, 1.15)
    brow_raise: float = _uniform(-0.02, 0.08)
    smile: float = _uniform(-0.1, 1.0)
    smirk: float = _uniform(-0.02, 0.02)
    mouth_open: float = _uniform(-1.0, 1.0)

    @property
    def is_bald(self) -> bool:
        """Whether the head has no hair."""
        return self.balding > 0.93

    @property
    def has_glasses(self) -> bool:
        """Whether the face wears glasses."""
        return self.glasses > 0.85


@dataclass(frozen=True)
class Landmarks:
    """Positions of a face's features in face coordinates.

    Pairs are (2, 2), the subject's left before the right; single points are (2,).
    """

    eye: np.ndarray
    eye_inner: np.ndarray
    eye_outer: np.ndarray
    brow_inner: np.ndarray
    brow_outer: np.ndarray
    nose_tip: np.ndarray
    nose_base: np.ndarray
    mouth_corner: np.ndarray
    lip_top: np.ndarray
    mouth_top: np.ndarray
    mouth: np.ndarray
    mouth_bottom: np.ndarray
    lip_bottom: np.ndarray


def pair(u: float, v: float | np.ndarray) -> np.ndarray:
    """Mirrored points (2, 2) at distance `u` from the middle of the face, at one or two `v`."""
    points = np.empty((2, 2))
    points[:, 0], points[:, 1] = SIDES * u, v
    return points


def middle(v: float) -> np.ndarray:
    """Point (2,) in the middle of the face, or a step down it."""
    return np.array([0.0, v])


def landmarks_of(face: FaceParameters) -> Landmarks:
    """Compute the landmarks; an open mouth moves the lips apart."""
    brow = face.brow_v - face.brow_raise
    gap = 0.18 * max(face.mouth_open, 0.0)
    mouth_top = face.mouth_v + 0.03 * max(face.smile, 0.0) - 0.2 * gap
    corner_v = face.mouth_v - 0.01 - 0.07 * face.smile + 0.1 * gap - SIDES * face.smirk
    return Landmarks(
        eye=pair(face.eye_u, 0.0) + np.array([face.gaze_u, face.gaze_v]),
        eye_inner=pair(face.eye_u - face.eye_width, 0.025),
        eye_outer=pair(face.eye_u + face.eye_width, -0.01 - face.eye_slant),
        brow_inner=pair(0.18, brow + 0.03),
        brow_outer=pair(face.eye_u + 0.33, brow + 0.05 - face.eye_slant),
        nose_tip=middle(face.nose_v),
        nose_base=middle(face.nose_v + 0.21),
        mouth_corner=pair(face.mouth_width + 0.07 * face.smile, corner_v),
        lip_top=middle(mouth_top - 0.09 * face.lips),
        mouth_top=middle(mouth_top),
        mouth=middle(mouth_top + gap / 2),
        mouth_bottom=middle(mouth_top + gap),
        lip_bottom=middle(mouth_top + gap + 0.12 * face.lips),
    )
