"""A few training faces under the augmentation policies of the runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from augment.pipeline import augment_faces
from augment.policies import POLICIES, Policy
from augment.preview import choose_faces
from kfold.leaderboard.leaderboard import Leaderboard
from kfold.report.faces.face_card import FaceCard, data_url, keypoint_marks

FACES, SAMPLES = 4, 5


@dataclass(frozen=True)
class PolicyExamples:
    """Faces under one augmentation policy.

    Attributes:
        policy: its name.
        rules: its transforms and their ranges, in words.
        faces: rows of cards, each the original face, then augmented samples of it.
    """

    policy: str
    rules: str
    faces: list[list[FaceCard]]


def policy_examples(leaderboard: Leaderboard) -> list[PolicyExamples]:
    """Examples of every policy that a finished model was trained with; none of `none`."""
    recipes = [
        recipe for opened in leaderboard.runs for recipe in opened.run.finished_models.values()
    ]
    used = dict.fromkeys(recipe.policy for recipe in recipes)
    return [_examples(leaderboard, name) for name in used if POLICIES[name] != Policy()]


def _examples(leaderboard: Leaderboard, policy: str) -> PolicyExamples:
    faces = choose_faces(leaderboard.trusted, FACES, seed=0)
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
    return PolicyExamples(policy, POLICIES[policy].rules, rows)


def _card(title: str, image: np.ndarray, keypoints: np.ndarray, annotator: int) -> FaceCard:
    marks = keypoint_marks(keypoints, np.full_like(keypoints, np.nan))
    return FaceCard(title, "", data_url(image), marks, annotator)
