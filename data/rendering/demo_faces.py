"""The demo's faces: rendered, labelled by two annotators, with the flaws of the real data."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from data.competition import ANNOTATORS, IMAGE_SIZE
from data.faces import Faces
from data.rendering.renderer import random_face, render_face

FIRST_ANNOTATOR_SHARE = 1 / 3
INCOMPLETE_SHARE = 0.1
DUPLICATE_SHARE, RETAKE_SHARE = 0.05, 0.05
LABEL_SIGMA = 0.5
"""Standard deviation of a label from the exact keypoint, in pixels per coordinate."""


@dataclass(frozen=True)
class Flaws:
    """Flaws planted in N rows.

    Attributes:
        source: int64 (N,), the row whose face a row repeats; its own number if it repeats none.
        retaken: bool (N,), whether a repeat is another photograph rather than the same image.
        wrong: bool (N,), whether the labels are grossly wrong.
    """

    source: np.ndarray
    retaken: np.ndarray
    wrong: np.ndarray


def plant_flaws(
    count: int, wrong_share: float, rng: np.random.Generator, retake_share: float = RETAKE_SHARE
) -> Flaws:
    """Choose the rows of each flaw at random; at least one duplicate and one retake."""
    order = rng.permutation(count)
    duplicates, retakes = (max(1, round(s * count)) for s in (DUPLICATE_SHARE, retake_share))
    copies, originals = np.split(order, [duplicates + retakes])
    source = np.arange(count)
    source[copies] = rng.choice(originals, len(copies), replace=len(copies) > len(originals))
    retaken, wrong = np.zeros((2, count), bool)
    retaken[copies[duplicates:]] = True
    wrong[rng.choice(originals, round(wrong_share * count), replace=False)] = True
    return Flaws(source, retaken, wrong)


def demo_faces(
    count: int,
    seed: np.random.SeedSequence,
    mirror_offset: tuple[float, float],
    wrong_share: float = 0.0,
    retake_share: float = RETAKE_SHARE,
) -> tuple[Faces, Flaws]:
    """Render and label `count` faces, the first annotator's before the second's.

    A row depends only on its own seed and that of its source.

    Args:
        count: N, at least 10.
        seed: random seed.
        mirror_offset: pixels by which the first and the second annotator's labels lie too far
            right.
        wrong_share: share of rows with grossly wrong labels.
        retake_share: share of rows that show another row's face in a second photograph.

    Returns:
        faces: N faces; ids are rows; keypoints are noisy labels, NaN where there is none.
        flaws: rows that repeat a face or are wrong.
    """
    flaw_seed, *purposes = seed.spawn(4)
    face_seeds, photo_seeds, label_seeds = (purpose.spawn(count) for purpose in purposes)
    flaws = plant_flaws(count, wrong_share, np.random.default_rng(flaw_seed), retake_share)
    rows = np.arange(count)
    annotator = np.where(rows < round(FIRST_ANNOTATOR_SHARE * count), *ANNOTATORS).astype(np.int8)
    images, keypoints = [], []
    for row, (source, retaken) in enumerate(zip(flaws.source, flaws.retaken, strict=True)):
        photo_seed = photo_seeds[row if retaken else source]
        image, exact = _photograph(face_seeds[source], photo_seed, retaken)
        rng, index = np.random.default_rng(label_seeds[row]), annotator[row] - 1
        labels = _label(exact[index], rng)
        labels[:, 0] += mirror_offset[index]
        images.append(image)
        keypoints.append(_misplace(labels, rng) if flaws.wrong[row] else labels)
    inside = np.clip(np.stack(keypoints), 0, IMAGE_SIZE - 1)
    return Faces(np.stack(images), inside, rows, annotator), flaws


def _photograph(
    face_seed: np.random.SeedSequence, photo_seed: np.random.SeedSequence, retaken: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Render a face; a retake has a slightly different position and exposure."""
    face, rng = random_face(np.random.default_rng(face_seed)), np.random.default_rng(photo_seed)
    if retaken:
        (dx, dy), light = rng.uniform(-1, 1, 2), rng.uniform(0.95, 1.05)
        face = replace(face, x=face.x + dx, y=face.y + dy, exposure=face.exposure * light)
    return render_face(rng, face)


def _label(exact: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add label noise to keypoints (15, 2); in some rows drop fewer than half of them."""
    labels = exact + rng.normal(scale=LABEL_SIGMA, size=exact.shape).astype(np.float32)
    if rng.random() < INCOMPLETE_SHARE:
        marked = np.flatnonzero(~np.isnan(exact[:, 0]))
        missing = rng.integers(1, len(marked) // 2)
        labels[rng.choice(marked, missing, replace=False)] = np.nan
    return labels


def _misplace(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Move all labels of a row by 12 to 25 pixels in one direction."""
    angle, distance = rng.uniform(0, 2 * np.pi), rng.uniform(12, 25)
    step = [distance * np.cos(angle), distance * np.sin(angle)]
    return labels + np.array(step, np.float32)
