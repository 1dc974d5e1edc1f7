"""What the runs' augmentation policies make of a few training faces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from augment.pipeline import augment_faces
from augment.policies import POLICIES, Policy
from augment.preview import choose_faces
from kfold.report.card import Card, data_address, marks_of
from kfold.report.subject import Subject

FACES, SAMPLES = 4, 5


@dataclass(frozen=True)
class Preview:
    """One policy at work.

    Attributes:
        policy: its name.
        rules: what it may do, in words.
        faces: rows of cards, each the face as it is and then augmented.
    """

    policy: str
    rules: str
    faces: list[list[Card]]


def previews(subject: Subject) -> list[Preview]:
    """Show every policy that a model of the runs was trained with, if it changes anything."""
    recipes = [recipe for run, _ in subject.runs for recipe in run.finished_models.values()]
    used = dict.fromkeys(recipe.policy for recipe in recipes)
    return [_preview(subject, name) for name in used if POLICIES[name] != Policy()]


def _preview(subject: Subject, policy: str) -> Preview:
    faces = choose_faces(subject.trusted, FACES, seed=0)
    columns = [(faces.images, faces.keypoints)]
    for seed in range(SAMPLES):
        images, keypoints, _ = augment_faces(faces.images, faces.keypoints, policy, seed)
        columns.append((images, keypoints))
    rows = []
    for i, row in enumerate(faces.ids):
        titles = [f"row {row}", *(f"{policy} {sample}" for sample in range(1, SAMPLES + 1))]
        annotator = int(faces.annotator[i])
        rows.append(
            [
                _card(title, images[i], keypoints[i], annotator)
                for title, (images, keypoints) in zip(titles, columns, strict=True)
            ]
        )
    return Preview(policy, POLICIES[policy].rules, rows)


def _card(title: str, image: np.ndarray, keypoints: np.ndarray, annotator: int) -> Card:
    marks = marks_of(keypoints, np.full_like(keypoints, np.nan))
    return Card(title, "", data_address(image), marks, annotator)
