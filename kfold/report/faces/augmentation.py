"""A few training faces under the augmentation policies of the runs."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from augment.pipeline import augment_faces
from augment.policies import Policy
from augment.preview import choose_faces
from data.system.errors import UserError
from kfold.config.recipe import Recipe
from kfold.custom.policies import policy_of
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
    """Examples of every policy that a finished model was trained with; none of `none`.

    Nor of a user's that cannot be made here, as where a package is missing that it imports.
    """
    policies: dict[tuple[str, str], Policy] = {}  # a name may stand for several, by options
    for opened in leaderboard.runs:
        for recipe in opened.run.finished_models.values():
            with suppress(UserError):
                policy = _policy(recipe)
                policies.setdefault((recipe.policy, policy.rules), policy)
    return [
        _examples(leaderboard, name, policy)
        for (name, _), policy in policies.items()
        if policy != Policy()
    ]


def _policy(recipe: Recipe) -> Policy:
    if recipe.code:
        from kfold.models import backend  # noqa: F401  imports Keras quietly, as the file may
    return policy_of(recipe)


def _examples(leaderboard: Leaderboard, name: str, policy: Policy) -> PolicyExamples:
    faces = choose_faces(leaderboard.trusted, FACES, seed=0)
    columns = [(faces.images, faces.keypoints)]
    for seed in range(SAMPLES):
        images, keypoints, _ = augment_faces(faces.images, faces.keypoints, policy, seed)
        columns.append((images, keypoints))
    rows = []
    for i, row in enumerate(faces.ids):
        titles = [f"row {row}", *(f"{name} {sample}" for sample in range(1, SAMPLES + 1))]
        annotator = int(faces.annotator[i])
        rows.append(
            [
                _card(title, images[i], keypoints[i], annotator)
                for title, (images, keypoints) in zip(titles, columns, strict=True)
            ]
        )
    return PolicyExamples(name, policy.rules, rows)


def _card(title: str, image: np.ndarray, keypoints: np.ndarray, annotator: int) -> FaceCard:
    marks = keypoint_marks(keypoints, np.full_like(keypoints, np.nan))
    return FaceCard(title, "", data_url(image), marks, annotator)
