"""Draw made-up faces whose keypoints are exactly known.

A scene holds, for every pixel, what the camera sees there: a normal, a reflectance and a gloss.
The wall comes first, then ellipsoids from back to front, the head with its painted face last; one
lamp lights it all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace

import cv2
import numpy as np

from data.competition import IMAGE_SIZE
from data.renderer.brush import look_up
from data.renderer.paint import paint, strands, texture
from data.renderer.shape import SIDES, Face, landmarks_of
from data.renderer.surface import (
    Triple,
    lines_of_sight,
    meet_ellipsoid,
    meet_face,
    to_camera,
    to_pixels,
)

MARGIN = 4.0
"""Every keypoint of a random face lies at least this many pixels inside the image."""

_SMALL_SHARE, _SMALL_SCALE = 0.05, 0.6
_SHAPE = (IMAGE_SIZE, IMAGE_SIZE)
_PIXELS = np.stack(np.meshgrid(*2 * [np.arange(IMAGE_SIZE)]), axis=-1).reshape(-1, 2)
_TO_CAMERA = np.array([0, 0, 1], np.float32)
_GAMMA = 1.8


def random_face(rng: np.random.Generator) -> Face:
    """Draw a face whose keypoints all lie inside the image, now and then a small one."""
    while True:
        face = Face(**{f.name: rng.uniform(*f.metadata["range"]) for f in fields(Face)})
        if rng.random() < _SMALL_SHARE:
            face = replace(face, scale=_SMALL_SCALE * face.scale)
        points = keypoints_of(face)[0]
        if points.min() >= MARGIN and points.max() <= IMAGE_SIZE - 1 - MARGIN:
            return face


def keypoints_of(face: Face) -> np.ndarray:
    """Exact keypoints float32 (2 annotators, 15, 2) in pixels, in the competition's order.

    The second annotator marks four points, NaN elsewhere: both eyes, the base of the nose for its
    tip and the middle of the mouth for the lower lip's edge.
    """
    marks = landmarks_of(face)
    eyes = np.stack([marks.eye_inner, marks.eye_outer], axis=1).reshape(4, 2)
    brows = np.stack([marks.brow_inner, marks.brow_outer], axis=1).reshape(4, 2)
    lips = [marks.lip_top, marks.lip_bottom]
    first = np.concatenate([marks.eye, eyes, brows, [marks.nose_tip], marks.mouth_corner, lips])
    blank = np.full((8, 2), np.nan)
    second = np.concatenate([marks.eye, blank, [marks.nose_base], blank[:3], [marks.mouth]])
    points = to_pixels(face, np.concatenate([first, second]))
    return points.reshape(2, -1, 2).astype(np.float32)


def render_face(
    rng: np.random.Generator, face: Face | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Photograph `face`, or else a random one; `rng` also makes the camera's grain.

    Returns:
        image: uint8 (96, 96).
        keypoints: float32 (2 annotators, 15, 2), from `keypoints_of`.
    """
    face = face or random_face(rng)
    pattern = np.random.default_rng([int(face.pattern), 1])
    scene, hair = _wall(face, pattern), strands(face, pattern, _SHAPE).ravel()
    lines = lines_of_sight(face, _PIXELS)
    for tone, gloss, centre, radii in _body(face, hair):
        _, outward, inside = meet_ellipsoid(face, lines, centre, radii)
        _cover(scene, face, inside, outward, tone, gloss)
    (u, v, z), outward, inside = meet_face(face, lines)
    tone = look_up(paint(face), u, v)
    if not face.bald:
        tone += (hair - tone) * np.clip(-10 * z - 0.5, 0, 1)
    _cover(scene, face, inside, outward, tone, 0.1)
    return _develop(face, _light(face, scene), rng), keypoints_of(face)


def _wall(face: Face, pattern: np.random.Generator) -> np.ndarray:
    """Scene float32 (5, pixels) of a blotchy wall: normal x, y and z, reflectance, gloss."""
    scene = np.zeros((5, len(_PIXELS)), np.float32)
    scene[:3] = _TO_CAMERA[:, None]
    scene[3] = face.backdrop * np.clip(1 + 0.25 * texture(pattern, _SHAPE, (4, 4)), 0, 2).ravel()
    return scene


def _body(
    face: Face, hair: np.ndarray
) -> Iterator[tuple[np.ndarray | float, float, Triple, Triple]]:
    """Reflectance, gloss, centre and half axes of the ellipsoids behind the face, back to front."""
    volume, length = face.hair_volume, face.hair_length
    if length > 0.5 and not face.bald:
        yield 0.7 * hair, 0.02, (0.0, 0.1 + 0.5 * length, -0.5), (1.12 * volume, 1.7, 0.8)
    yield face.clothes, 0.0, (0.0, 3.1, -0.5), (2.4, 1.4, 0.9)
    yield 0.6 * face.skin, 0.02, (0.0, 1.2, -0.4), (0.62, 1.1, 0.6)
    if not face.bald:
        yield hair, 0.05, (0.0, -0.35, -0.15), (volume, 1.3 * volume, 1.1 * volume)
    for side in SIDES:
        yield 0.75 * face.skin, 0.05, (side, 0.15, -0.15), (0.12, 0.28, 0.2)


def _cover(
    scene: np.ndarray,
    face: Face,
    inside: np.ndarray,
    outward: np.ndarray,
    tone: np.ndarray | float,
    gloss: float,
) -> None:
    """Put a surface in front of the scene, its edge spread over one and a half pixels."""
    alpha = np.clip(0.5 + inside * face.scale / 1.5, 0, 1)
    scene[:3] += (to_camera(face, outward) - scene[:3]) * alpha
    scene[3] += (tone - scene[3]) * alpha
    scene[4] += (gloss - scene[4]) * alpha


def _light(face: Face, scene: np.ndarray) -> np.ndarray:
    """Light (pixels,) that a scene sends to the camera: Lambert, Blinn's highlight and the sky."""
    normal, tone, gloss = scene[:3], scene[3], scene[4]
    lamp = np.array([face.light_x, face.light_y, 1.0], np.float32)
    lamp /= np.linalg.norm(lamp)
    halfway = (lamp + _TO_CAMERA) / np.linalg.norm(lamp + _TO_CAMERA)
    direct = 1.5 * tone * np.clip(lamp @ normal, 0, None)
    highlight = gloss * np.clip(halfway @ normal, 0, None) ** 24
    sky = tone * (0.75 - 0.25 * normal[1])
    return face.ambient * sky + (1 - face.ambient) * (direct + highlight)


def _develop(face: Face, light: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Image uint8 (96, 96) with blur, exposure, gamma and grain."""
    image = cv2.GaussianBlur(light.reshape(_SHAPE), (0, 0), face.blur)
    image = 255 * np.clip(1.15 * face.exposure * image, 0, 1) ** (1 / _GAMMA)
    image += rng.normal(scale=face.grain, size=_SHAPE)
    return np.clip(np.round(image), 0, 255).astype(np.uint8)
