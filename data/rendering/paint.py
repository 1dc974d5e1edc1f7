"""Paint the features of a face: eyes, brows, nose, mouth, beard, hair, glasses."""

from __future__ import annotations

import cv2
import numpy as np

from data.rendering.canvas import COLUMNS, ROWS, arc, area_between, ellipse, fill, stroke
from data.rendering.parameters import SIDES, FaceParameters, Landmarks, landmarks_of, middle, pair

_SHAPE = (len(ROWS), len(COLUMNS))


def paint_face(face: FaceParameters) -> np.ndarray:
    """Canvas of a face's albedos from 0 to 1."""
    marks, rng = landmarks_of(face), np.random.default_rng(int(face.pattern))
    canvas = face.skin * (1 + 0.03 * smooth_noise(rng, _SHAPE, (24, 16)))
    _paint_cheeks(canvas, face)
    _paint_nose(canvas, face, marks)
    _paint_beard(canvas, face, marks, rng)
    _paint_mouth(canvas, face, marks)
    _paint_eyes(canvas, face, marks)
    _paint_brows(canvas, face, marks)
    if not face.is_bald:
        _paint_hair(canvas, face, rng)
    if face.has_glasses:
        _paint_glasses(canvas, face)
    return canvas


def smooth_noise(
    rng: np.random.Generator, shape: tuple[int, int], knots: tuple[int, int]
) -> np.ndarray:
    """Noise with mean 0, float32 `shape`, interpolated from normal random values at `knots`."""
    values = rng.normal(size=knots).astype(np.float32)
    return cv2.resize(values, shape[::-1], interpolation=cv2.INTER_CUBIC)


def hair_albedo(
    face: FaceParameters, rng: np.random.Generator, shape: tuple[int, int]
) -> np.ndarray:
    """Albedo of hair, float32 `shape`: long streaks, short ones if it is curly."""
    knots = round(5 + 75 * max(face.hair_curl - 0.6, 0.0)), 48
    return face.hair * np.clip(1 + 0.25 * smooth_noise(rng, shape, knots), 0.3, 2)


def _paint_cheeks(canvas: np.ndarray, face: FaceParameters) -> None:
    fill(canvas, ellipse(pair(0.58, 0.5), 0.22, 0.18), 0.9 * face.skin, 0.6, 0.1)
    below_nose, beside_mouth = pair(0.24, face.nose_v + 0.12), face.mouth_v - 0.05
    fold = arc(below_nose, pair(face.mouth_width + 0.16, beside_mouth), 0.05)
    depth = 0.25 + 0.5 * max(face.smile, 0.0)
    fill(canvas, stroke(fold, 0.02, 0.05, 0.01), 0.65 * face.skin, depth, 0.02)


def _paint_eyes(canvas: np.ndarray, face: FaceParameters, marks: Landmarks) -> None:
    skin, pupil, inner, outer = face.skin, marks.eye, marks.eye_inner, marks.eye_outer
    upper = arc(inner, outer, 0.12 * face.eye_open, 0.9)
    lower = arc(inner, outer, -0.065 * face.eye_open**0.5, 0.9)
    lids = area_between(upper, lower)
    fill(canvas, ellipse((inner + outer) / 2 - middle(0.03), 0.27, 0.17), 0.7 * skin, 0.6, 0.07)
    fill(canvas, stroke(upper - middle(0.055), 0.01, 0.03, 0.015), 0.5 * skin, 0.6, 0.012)
    fill(canvas, stroke(lower + middle(0.06), 0.01, 0.04, 0.01), 0.7 * skin, 0.5, 0.02)
    fill(canvas, lids, 0.42 + 0.35 * skin)
    fill(canvas, ellipse(inner, 0.035, 0.03), 0.7 * skin, 0.8, within=lids)
    fill(canvas, ellipse(pupil, 0.1, 0.1), 0.5 * face.iris, 1, 0.006, lids)
    fill(canvas, ellipse(pupil, 0.08, 0.08), face.iris, 1, 0.008, lids)
    fill(canvas, ellipse(pupil, 0.045, 0.045), 0.005, within=lids)
    fill(canvas, stroke(upper + middle(0.03), 0.01, 0.05, 0.05), 0.15, 0.5, 0.015, lids)
    fill(canvas, ellipse(pupil + np.array([0.045, -0.045]), 0.016, 0.016), 0.7)
    fill(canvas, stroke(upper, 0.02, 0.035, 0.035), 0.03 + 0.1 * skin, 0.9, 0.005)
    fill(canvas, stroke(lower, 0.02, 0.015), 0.35 * skin, 0.7, 0.005)


def _paint_brows(canvas: np.ndarray, face: FaceParameters, marks: Landmarks) -> None:
    width = face.brow_width
    curve = arc(marks.brow_inner, marks.brow_outer, 0.06 + 0.3 * face.brow_raise, 1.3)
    albedo = 0.02 + 0.7 * min(face.hair, 0.6 * face.skin)
    fill(canvas, stroke(curve, width, 1.3 * width, width, 0.3 * width), albedo, 0.55, 0.012)
    fill(canvas, stroke(curve, 0.8 * width, width, 0.8 * width, 0.2 * width), albedo, 0.6, 0.004)


def _paint_nose(canvas: np.ndarray, face: FaceParameters, marks: Landmarks) -> None:
    skin, width, base = face.skin, face.nose_width, marks.nose_base
    fill(canvas, ellipse(base, 0.18 * width, 0.04), 0.6 * skin, 0.4, 0.035)
    fill(canvas, ellipse(marks.nose_tip, 0.06, 0.05), 1.25 * skin, 0.35, 0.03)
    nostrils = ellipse(pair(0.095 * width, base[1] - 0.04), 0.05, 0.024)
    fill(canvas, nostrils, 0.1 * skin, 0.85, 0.012)
    wings = arc(pair(0.2 * width, base[1] - 0.19), pair(0.19 * width, base[1] - 0.02))
    wings[..., 0] += 0.045 * np.outer(SIDES, np.sin(np.linspace(0, np.pi, wings.shape[1])))
    fill(canvas, stroke(wings, 0.01, 0.035, 0.03), 0.5 * skin, 0.6, 0.014)
    groove = arc(base + middle(0.06), marks.lip_top - middle(0.02))
    fill(canvas, stroke(groove, 0.05, 0.07), 0.75 * skin, 0.35, 0.02)


def _paint_mouth(canvas: np.ndarray, face: FaceParameters, marks: Landmarks) -> None:
    skin = face.skin
    top, bottom = _across(marks, marks.lip_top, 0.03), _across(marks, marks.lip_bottom)
    above, below = _across(marks, marks.mouth_top), _across(marks, marks.mouth_bottom)
    teeth = area_between(above, 0.45 * above + 0.55 * below)
    fill(canvas, ellipse(marks.lip_bottom + middle(0.06), 0.2, 0.03), 0.7 * skin, 0.6, 0.03)
    fill(canvas, area_between(above, below), 0.02)
    fill(canvas, teeth, 0.65, 0.9, 0.01, area_between(above, below))
    fill(canvas, area_between(top, above), 0.5 * skin, 0.9, 0.005)
    fill(canvas, area_between(below, bottom), 0.63 * skin, 0.9, 0.005)
    fill(canvas, stroke(above, 0.015, 0.02, 0.015), 0.12 * skin, 0.8, 0.006)
    fill(canvas, stroke(top, 0.01, 0.014, 0.01), 0.5 * skin, 0.5, 0.005)
    fill(canvas, stroke(bottom, 0.005, 0.025, 0.005), 0.5 * skin, 0.5, 0.008)
    fill(canvas, ellipse(marks.mouth_corner, 0.025, 0.022), 0.12 * skin, 0.8, 0.012)


def _across(marks: Landmarks, through: np.ndarray, bow: float = 0.0) -> np.ndarray:
    """Curve (31, 2) between the corners of the mouth, with two peaks of height `bow`."""
    left, right = marks.mouth_corner
    t = np.linspace(-1, 1, 31)[:, None]
    centre = (left + right) / 2
    peaks = np.exp(-(((np.abs(t) - 0.25) / 0.15) ** 2)) - np.exp(-((0.25 / 0.15) ** 2))
    sag = (through - centre) * (1 - np.abs(t) ** 2.2) - middle(bow) * peaks * (1 - t**2)
    return centre + (left - right) / 2 * t + sag


def _paint_beard(
    canvas: np.ndarray, face: FaceParameters, marks: Landmarks, rng: np.random.Generator
) -> None:
    strength = min((face.beard - 0.75) / 0.2, 1.0)
    if strength <= 0:
        return
    lip = [(0.2, marks.nose_base[1] + 0.07), (0.48, face.mouth_v - 0.12)]
    half = np.array([*lip, (0.7, 0.75), (0.86, 0.35), (1.1, 0.3), (1.1, 1.65)])
    stubble = np.clip(1 + 0.35 * smooth_noise(rng, _SHAPE, (80, 60)), 0.3, 2)
    outline = area_between(half, half * np.array([-1, 1]))
    fill(canvas, outline, 0.9 * face.hair * stubble, 0.85 * strength, 0.05)


def _paint_hair(canvas: np.ndarray, face: FaceParameters, rng: np.random.Generator) -> None:
    u = np.linspace(-1.1, 1.1, 61)
    fringe = 0.12 * np.cos(4 * (u - face.parting)) if face.hair_line > -0.9 else 0.0
    forehead = face.hair_line + fringe
    temples = np.abs(np.clip((u - 0.2 * face.parting) / 0.98, -1, 1)) ** 5
    waves = 0.03 * smooth_noise(rng, (1, 61), (1, 20))[0]
    edge = forehead + (0.15 - forehead) * temples + waves
    outline = np.concatenate([np.stack([u, edge], axis=-1), [(1.1, -1.7), (-1.1, -1.7)]])
    fill(canvas, outline + middle(0.05), 0.5 * face.skin, 0.4, 0.05)
    fill(canvas, outline, hair_albedo(face, rng, _SHAPE), 1, 0.015)


def _paint_glasses(canvas: np.ndarray, face: FaceParameters) -> None:
    albedo = 0.3 if face.glasses > 0.95 else 0.02
    half = 0.3
    lenses = ellipse(pair(face.eye_u, 0.04), half, 0.22, squareness=0.7)
    arms = arc(pair(face.eye_u + half, -0.04), pair(1.05, -0.1))
    left, right = pair(face.eye_u - half, 0.0)
    bridge = arc(left, right, 0.04)
    fill(canvas, lenses, 0.9, 0.06)
    for frame, width in ((lenses, 0.035), (arms, 0.045), (bridge, 0.035)):
        fill(canvas, stroke(frame, width), albedo, 0.95, 0.005)
