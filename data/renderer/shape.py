"""A made-up face: the parameters that describe it and the landmarks that follow from them.

Face coordinates (u, v) are a frontal view of the face: u to the image's right, v down, the origin
between the eyes, one unit half a head's width.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

SIDES = np.array([1.0, -1.0])
"""Sign of u for the subject's left, which is the image's right, then for the subject's right."""


def _between(low: float, high: float) -> Any:
    return field(metadata={"range": (low, high)})


@dataclass(frozen=True)
class Face:
    """One face in one photograph, each parameter with the range that it is drawn from.

    Angles are in radians, lengths in face units, `x`, `y` and `blur` in pixels, `scale` in pixels
    a unit, `grain` in gray values; tones are reflectances from 0 to 1; the rest are strengths.
    `pattern` seeds what is random about the face and the wall behind it.
    """

    # The photograph: where the middle of the face lies, how the head is turned and lit.
    x: float = _between(44, 51)
    y: float = _between(46, 52)
    scale: float = _between(30, 38)
    yaw: float = _between(-0.4, 0.4)
    pitch: float = _between(-0.18, 0.18)
    roll: float = _between(-0.2, 0.2)
    light_x: float = _between(-1.0, 1.0)
    light_y: float = _between(-0.9, 0.1)
    ambient: float = _between(0.15, 0.5)
    exposure: float = _between(0.8, 1.2)
    backdrop: float = _between(0.02, 0.8)
    blur: float = _between(0.3, 0.8)
    grain: float = _between(0.5, 4.0)
    # The person.
    skin: float = _between(0.2, 0.65)
    jaw: float = _between(-0.12, 0.04)
    eye_u: float = _between(0.42, 0.48)
    eye_width: float = _between(0.2, 0.24)
    eye_slant: float = _between(-0.03, 0.03)
    iris: float = _between(0.04, 0.25)
    brow_v: float = _between(-0.32, -0.24)
    brow_width: float = _between(0.035, 0.075)
    nose_v: float = _between(0.48, 0.57)
    nose_width: float = _between(0.85, 1.25)
    nose_height: float = _between(0.8, 1.2)
    mouth_v: float = _between(0.99, 1.07)
    mouth_width: float = _between(0.34, 0.42)
    lips: float = _between(0.7, 1.3)
    hair: float = _between(0.02, 0.4)
    hair_line: float = _between(-1.1, -0.6)
    hair_volume: float = _between(1.04, 1.2)
    hair_length: float = _between(0.0, 1.0)
    hair_curl: float = _between(0.0, 1.0)
    parting: float = _between(-0.4, 0.4)
    balding: float = _between(0.0, 1.0)
    beard: float = _between(0.0, 1.0)
    glasses: float = _between(0.0, 1.0)
    clothes: float = _between(0.03, 0.8)
    pattern: float = _between(0, 2**31)
    # The expression.
    gaze_u: float = _between(-0.03, 0.03)
    gaze_v: float = _between(-0.015, 0.015)
    eye_open: float = _between(0.7, 1.15)
    brow_raise: float = _between(-0.02, 0.08)
    smile: float = _between(-0.1, 1.0)
    smirk: float = _between(-0.02, 0.02)
    mouth_open: float = _between(-1.0, 1.0)

    @property
    def bald(self) -> bool:
        """Whether the head has no hair."""
        return self.balding > 0.93

    @property
    def bespectacled(self) -> bool:
        """Whether the face wears glasses."""
        return self.glasses > 0.85


@dataclass(frozen=True)
class Landmarks:
    """Where a face's features lie, in face coordinates.

    Paired ones are (2, 2), the subject's left one before the right one; single ones are (2,).
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
    """Mirrored points (2, 2) at a distance `u` from the middle of the face, at one or two `v`."""
    points = np.empty((2, 2))
    points[:, 0], points[:, 1] = SIDES * u, v
    return points


def middle(v: float) -> np.ndarray:
    """A point (2,) in the middle of the face; a step down the face, too."""
    return np.array([0.0, v])


def landmarks_of(face: Face) -> Landmarks:
    """Lay out the features of `face`; an open mouth parts its lips by the gap between them."""
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
