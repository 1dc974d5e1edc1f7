"""What is painted on a made-up face: eyes, brows, nose, mouth, beard, hair, glasses."""

from __future__ import annotations

import cv2
import numpy as np

from data.renderer.brush import COLUMNS, ROWS, arc, between, ellipse, fill, stroke
from data.renderer.shape import SIDES, Face, Landmarks, landmarks_of, middle, pair

_SHAPE = (len(ROWS), len(COLUMNS))


def paint(face: Face) -> np.ndarray:
    """Paint `face` on a picture of reflectances from 0 to 1."""
    marks, noise = landmarks_of(face), np.random.default_rng(int(face.pattern))
    picture = face.skin * (1 + 0.03 * texture(noise, _SHAPE, (24, 16)))
    _paint_cheeks(picture, face)
    _paint_nose(picture, face, marks)
    _paint_beard(picture, face, marks, noise)
    _paint_mouth(picture, face, marks)
    _paint_eyes(picture, face, marks)
    _paint_brows(picture, face, marks)
    if not face.bald:
        _paint_hair(picture, face, noise)
    if face.bespectacled:
        _paint_glasses(picture, face)
    return picture


def texture(
    noise: np.random.Generator, shape: tuple[int, int], knots: tuple[int, int]
) -> np.ndarray:
    """Smooth noise about 0, float32 `shape`, through normal random values at `knots` points."""
    coarse = noise.normal(size=knots).astype(np.float32)
    return cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)


def strands(face: Face, noise: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Reflectance of hair, float32 `shape`: long streaks, or short ones where it curls."""
    knots = round(5 + 75 * max(face.hair_curl - 0.6, 0.0)), 48
    return face.hair * np.clip(1 + 0.25 * texture(noise, shape, knots), 0.3, 2)


def _paint_cheeks(picture: np.ndarray, face: Face) -> None:
    fill(picture, ellipse(pair(0.58, 0.5), 0.22, 0.18), 0.9 * face.skin, 0.6, 0.1)
    below_nose, beside_mouth = pair(0.24, face.nose_v + 0.12), face.mouth_v - 0.05
    fold = arc(below_nose, pair(face.mouth_width + 0.16, beside_mouth), 0.05)
    depth = 0.25 + 0.5 * max(face.smile, 0.0)
    fill(picture, stroke(fold, 0.02, 0.05, 0.01), 0.65 * face.skin, depth, 0.02)


def _paint_eyes(picture: np.ndarray, face: Face, marks: Landmarks) -> None:
    skin, pupil, inner, outer = face.skin, marks.eye, marks.eye_inner, marks.eye_outer
    upper = arc(inner, outer, 0.12 * face.eye_open, 0.9)
    lower = arc(inner, outer, -0.065 * face.eye_open**0.5, 0.9)
    lids = between(upper, lower)
    fill(picture, ellipse((inner + outer) / 2 - middle(0.03), 0.27, 0.17), 0.7 * skin, 0.6, 0.07)
    fill(picture, stroke(upper - middle(0.055), 0.01, 0.03, 0.015), 0.5 * skin, 0.6, 0.012)
    fill(picture, stroke(lower + middle(0.06), 0.01, 0.04, 0.01), 0.7 * skin, 0.5, 0.02)
    fill(picture, lids, 0.42 + 0.35 * skin)
    fill(picture, ellipse(inner, 0.035, 0.03), 0.7 * skin, 0.8, within=lids)
    fill(picture, ellipse(pupil, 0.1, 0.1), 0.5 * face.iris, 1, 0.006, lids)
    fill(picture, ellipse(pupil, 0.08, 0.08), face.iris, 1, 0.008, lids)
    fill(picture, ellipse(pupil, 0.045, 0.045), 0.005, within=lids)
    fill(picture, stroke(upper + middle(0.03), 0.01, 0.05, 0.05), 0.15, 0.5, 0.015, lids)
    fill(picture, ellipse(pupil + np.array([0.045, -0.045]), 0.016, 0.016), 0.7)
    fill(picture, stroke(upper, 0.02, 0.035, 0.035), 0.03 + 0.1 * skin, 0.9, 0.005)
    fill(picture, stroke(lower, 0.02, 0.015), 0.35 * skin, 0.7, 0.005)


def _paint_brows(picture: np.ndarray, face: Face, marks: Landmarks) -> None:
    width = face.brow_width
    curve = arc(marks.brow_inner, marks.brow_outer, 0.06 + 0.3 * face.brow_raise, 1.3)
    tone = 0.02 + 0.7 * min(face.hair, 0.6 * face.skin)
    fill(picture, stroke(curve, width, 1.3 * width, width, 0.3 * width), tone, 0.55, 0.012)
    fill(picture, stroke(curve, 0.8 * width, width, 0.8 * width, 0.2 * width), tone, 0.6, 0.004)


def _paint_nose(picture: np.ndarray, face: Face, marks: Landmarks) -> None:
    skin, width, base = face.skin, face.nose_width, marks.nose_base
    fill(picture, ellipse(base, 0.18 * width, 0.04), 0.6 * skin, 0.4, 0.035)
    fill(picture, ellipse(marks.nose_tip, 0.06, 0.05), 1.25 * skin, 0.35, 0.03)
    nostrils = ellipse(pair(0.095 * width, base[1] - 0.04), 0.05, 0.024)
    fill(picture, nostrils, 0.1 * skin, 0.85, 0.012)
    wings = arc(pair(0.2 * width, base[1] - 0.19), pair(0.19 * width, base[1] - 0.02))
    wings[..., 0] += 0.045 * np.outer(SIDES, np.sin(np.linspace(0, np.pi, wings.shape[1])))
    fill(picture, stroke(wings, 0.01, 0.035, 0.03), 0.5 * skin, 0.6, 0.014)
    groove = arc(base + middle(0.06), marks.lip_top - middle(0.02))
    fill(picture, stroke(groove, 0.05, 0.07), 0.75 * skin, 0.35, 0.02)


def _paint_mouth(picture: np.ndarray, face: Face, marks: Landmarks) -> None:
    skin = face.skin
    top, bottom = _across(marks, marks.lip_top, 0.03), _across(marks, marks.lip_bottom)
    above, below = _across(marks, marks.mouth_top), _across(marks, marks.mouth_bottom)
    teeth = between(above, 0.45 * above + 0.55 * below)
    fill(picture, ellipse(marks.lip_bottom + middle(0.06), 0.2, 0.03), 0.7 * skin, 0.6, 0.03)
    fill(picture, between(above, below), 0.02)
    fill(picture, teeth, 0.65, 0.9, 0.01, between(above, below))
    fill(picture, between(top, above), 0.5 * skin, 0.9, 0.005)
    fill(picture, between(below, bottom), 0.63 * skin, 0.9, 0.005)
    fill(picture, stroke(above, 0.015, 0.02, 0.015), 0.12 * skin, 0.8, 0.006)
    fill(picture, stroke(top, 0.01, 0.014, 0.01), 0.5 * skin, 0.5, 0.005)
    fill(picture, stroke(bottom, 0.005, 0.025, 0.005), 0.5 * skin, 0.5, 0.008)
    fill(picture, ellipse(marks.mouth_corner, 0.025, 0.022), 0.12 * skin, 0.8, 0.012)


def _across(marks: Landmarks, through: np.ndarray, bow: float = 0.0) -> np.ndarray:
    """Curve (31, 2) from one corner of the mouth to the other, with two peaks of height `bow`."""
    left, right = marks.mouth_corner
    t = np.linspace(-1, 1, 31)[:, None]
    centre = (left + right) / 2
    peaks = np.exp(-(((np.abs(t) - 0.25) / 0.15) ** 2)) - np.exp(-((0.25 / 0.15) ** 2))
    sag = (through - centre) * (1 - np.abs(t) ** 2.2) - middle(bow) * peaks * (1 - t**2)
    return centre + (left - right) / 2 * t + sag


def _paint_beard(
    picture: np.ndarray, face: Face, marks: Landmarks, noise: np.random.Generator
) -> None:
    strength = min((face.beard - 0.75) / 0.2, 1.0)
    if strength <= 0:
        return
    lip = [(0.2, marks.nose_base[1] + 0.07), (0.48, face.mouth_v - 0.12)]
    half = np.array([*lip, (0.7, 0.75), (0.86, 0.35), (1.1, 0.3), (1.1, 1.65)])
    stubble = np.clip(1 + 0.35 * texture(noise, _SHAPE, (80, 60)), 0.3, 2)
    outline = between(half, half * np.array([-1, 1]))
    fill(picture, outline, 0.9 * face.hair * stubble, 0.85 * strength, 0.05)


def _paint_hair(picture: np.ndarray, face: Face, noise: np.random.Generator) -> None:
    u = np.linspace(-1.1, 1.1, 61)
    fringe = 0.12 * np.cos(4 * (u - face.parting)) if face.hair_line > -0.9 else 0.0
    forehead = face.hair_line + fringe
    temples = np.abs(np.clip((u - 0.2 * face.parting) / 0.98, -1, 1)) ** 5
    edge = forehead + (0.15 - forehead) * temples + 0.03 * texture(noise, (1, 61), (1, 20))[0]
    outline = np.concatenate([np.stack([u, edge], axis=-1), [(1.1, -1.7), (-1.1, -1.7)]])
    fill(picture, outline + middle(0.05), 0.5 * face.skin, 0.4, 0.05)
    fill(picture, outline, strands(face, noise, _SHAPE), 1, 0.015)


def _paint_glasses(picture: np.ndarray, face: Face) -> None:
    tone = 0.3 if face.glasses > 0.95 else 0.02
    half = 0.3
    lenses = ellipse(pair(face.eye_u, 0.04), half, 0.22, squareness=0.7)
    arms = arc(pair(face.eye_u + half, -0.04), pair(1.05, -0.1))
    left, right = pair(face.eye_u - half, 0.0)
    bridge = arc(left, right, 0.04)
    fill(picture, lenses, 0.9, 0.06)
    for frame, width in ((lenses, 0.035), (arms, 0.045), (bridge, 0.035)):
        fill(picture, stroke(frame, width), tone, 0.95, 0.005)
