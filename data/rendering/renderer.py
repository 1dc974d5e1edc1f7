"""Render faces with exactly known keypoints.

A scene holds the normal, albedo and specular reflectance of what each pixel shows. The background
is drawn first, then ellipsoids from back to front, and last the head with its painted face. One
lamp and the sky light the scene.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace

import cv2
import numpy as np

from data.competition import IMAGE_SIZE
from data.rendering.canvas import sample
from data.rendering.geometry import (
    Triple,
    camera_normals,
    cast_rays,
    intersect_ellipsoid,
    intersect_head,
    project,
)
from data.rendering.paint import hair_albedo, paint_face, smooth_noise
from data.rendering.parameters import SIDES, FaceParameters, landmarks_of

MARGIN = 4.0
"""Pixels from the edge of the image, at least, of every keypoint of a random face."""

_SMALL_SHARE, _SMALL_SCALE = 0.05, 0.6
_SHAPE = (IMAGE_SIZE, IMAGE_SIZE)
_PIXELS = np.stack(np.meshgrid(*2 * [np.arange(IMAGE_SIZE)]), axis=-1).reshape(-1, 2)
_TO_CAMERA = np.array([0, 0, 1], np.float32)
_GAMMA = 1.8


def random_face(rng: np.random.Generator) -> FaceParameters:
    """Sample a face whose keypoints all lie inside the image; a few faces are small."""
    while True:
        ranges = {field.name: field.metadata["range"] for field in fields(FaceParameters)}
        face = FaceParameters(**{name: rng.uniform(*ends) for name, ends in ranges.items()})
        if rng.random() < _SMALL_SHARE:
            face = replace(face, scale=_SMALL_SCALE * face.scale)
        points = keypoints_of(face)[0]
        if points.min() >= MARGIN and points.max() <= IMAGE_SIZE - 1 - MARGIN:
            return face


def keypoints_of(face: FaceParameters) -> np.ndarray:
    """Exact keypoints float32 (2 annotators, 15, 2) in pixels.

    The second annotator has four, NaN elsewhere: both eye centres, the base of the nose as its
    tip, and the middle of the mouth as the bottom lip.
    """
    marks = landmarks_of(face)
    eyes = np.stack([marks.eye_inner, marks.eye_outer], axis=1).reshape(4, 2)
    brows = np.stack([marks.brow_inner, marks.brow_outer], axis=1).reshape(4, 2)
    lips = [marks.lip_top, marks.lip_bottom]
    first = np.concatenate([marks.eye, eyes, brows, [marks.nose_tip], marks.mouth_corner, lips])
    blank = np.full((8, 2), np.nan)
    second = np.concatenate([marks.eye, blank, [marks.nose_base], blank[:3], [marks.mouth]])
    points = project(face, np.concatenate([first, second]))
    return points.reshape(2, -1, 2).astype(np.float32)


def render_face(
    rng: np.random.Generator, face: FaceParameters | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Render `face`, or a random one.

    Args:
        rng: of the sensor noise, and of the random face.
        face: the parameters.

    Returns:
        image: uint8 (96, 96).
        keypoints: float32 (2 annotators, 15, 2), from `keypoints_of`.
    """
    face = face or random_face(rng)
    pattern = np.random.default_rng([int(face.pattern), 1])
    scene, hair = _background(face, pattern), hair_albedo(face, pattern, _SHAPE).ravel()
    rays = cast_rays(face, _PIXELS)
    for albedo, specular, centre, radii in _body(face, hair):
        _, outward, inside = intersect_ellipsoid(face, rays, centre, radii)
        _composite(scene, face, inside, outward, albedo, specular)
    (u, v, z), outward, inside = intersect_head(face, rays)
    albedo = sample(paint_face(face), u, v)
    if not face.is_bald:
        albedo += (hair - albedo) * np.clip(-10 * z - 0.5, 0, 1)
    _composite(scene, face, inside, outward, albedo, 0.1)
    return _expose(face, _shade(face, scene), rng), keypoints_of(face)


def _background(face: FaceParameters, pattern: np.random.Generator) -> np.ndarray:
    """Scene float32 (5, pixels) of a mottled wall: normal x, y and z, albedo, specular."""
    scene = np.zeros((5, len(_PIXELS)), np.float32)
    scene[:3] = _TO_CAMERA[:, None]
    noise = smooth_noise(pattern, _SHAPE, (4, 4))
    scene[3] = face.backdrop * np.clip(1 + 0.25 * noise, 0, 2).ravel()
    return scene


def _body(
    face: FaceParameters, hair: np.ndarray
) -> Iterator[tuple[np.ndarray | float, float, Triple, Triple]]:
    """Albedo, specular, centre and half axes of the ellipsoids behind the face, back to front."""
    volume, length = face.hair_volume, face.hair_length
    if length > 0.5 and not face.is_bald:
        yield 0.7 * hair, 0.02, (0.0, 0.1 + 0.5 * length, -0.5), (1.12 * volume, 1.7, 0.8)
    yield face.clothes, 0.0, (0.0, 3.1, -0.5), (2.4, 1.4, 0.9)
    yield 0.6 * face.skin, 0.02, (0.0, 1.2, -0.4), (0.62, 1.1, 0.6)
    if not face.is_bald:
        yield hair, 0.05, (0.0, -0.35, -0.15), (volume, 1.3 * volume, 1.1 * volume)
    for side in SIDES:
        yield 0.75 * face.skin, 0.05, (side, 0.15, -0.15), (0.12, 0.28, 0.2)


def _composite(
    scene: np.ndarray,
    face: FaceParameters,
    inside: np.ndarray,
    outward: np.ndarray,
    albedo: np.ndarray | float,
    specular: float,
) -> None:
    """Draw a surface over the scene, its edge antialiased over 1.5 pixels."""
    alpha = np.clip(0.5 + inside * face.scale / 1.5, 0, 1)
    scene[:3] += (camera_normals(face, outward) - scene[:3]) * alpha
    scene[3] += (albedo - scene[3]) * alpha
    scene[4] += (specular - scene[4]) * alpha


def _shade(face: FaceParameters, scene: np.ndarray) -> np.ndarray:
    """Light (pixels,) towards the camera: Lambert's diffuse, Blinn's specular, and the sky's."""
    normal, albedo, specular = scene[:3], scene[3], scene[4]
    lamp = np.array([face.light_x, face.light_y, 1.0], np.float32)
    lamp /= np.linalg.norm(lamp)
    halfway = (lamp + _TO_CAMERA) / np.linalg.norm(lamp + _TO_CAMERA)
    direct = 1.5 * albedo * np.clip(lamp @ normal, 0, None)
    highlight = specular * np.clip(halfway @ normal, 0, None) ** 24
    sky = albedo * (0.75 - 0.25 * normal[1])
    return face.ambient * sky + (1 - face.ambient) * (direct + highlight)


def _expose(face: FaceParameters, light: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Image uint8 (96, 96) with blur, exposure, gamma and sensor noise."""
    image = cv2.GaussianBlur(light.reshape(_SHAPE), (0, 0), face.blur)
    image = 255 * np.clip(1.15 * face.exposure * image, 0, 1) ** (1 / _GAMMA)
    image += rng.normal(scale=face.sensor_noise, size=_SHAPE)
    return np.clip(np.round(image), 0, 255).astype(np.uint8)
