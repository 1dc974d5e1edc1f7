"""The gallery: the worst faces, the best, some at random, and some of the test set."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from data.competition import ANNOTATORS, SECOND_ANNOTATOR
from data.faces import Faces
from kfold.leaderboard.leaderboard import Leaderboard
from kfold.metrics.score import squared_errors
from kfold.report.faces.face_card import FaceCard, data_url, keypoint_marks

WORST, WORST_BY_KEYPOINT = 18, 5
BEST, RANDOM, TEST = 12, 18, 18
"""Numbers of faces per annotator, and of the worst faces per keypoint."""


def gallery(leaderboard: Leaderboard) -> list[FaceCard]:
    """Faces of each kind from both annotators; among the worst also those of each keypoint."""
    faces, oof = leaderboard.data.train, leaderboard.best.entry.oof
    errors = squared_errors(faces.keypoints, oof)
    random = np.random.default_rng(0)
    cards = []
    for annotator in ANNOTATORS:
        rows = np.flatnonzero((faces.annotator == annotator) & faces.labelled.any(axis=1))
        chosen = {
            "worst": _worst(rows, errors),
            "best": rows[np.argsort(face_rmse(errors[rows]))][:BEST],
            "random": random.permutation(rows)[:RANDOM],
        }
        cards += [training_card(faces, oof, r, kind) for kind, part in chosen.items() for r in part]
        cards += _test_cards(leaderboard, annotator, random)
    return cards


def face_rmse(errors: np.ndarray) -> np.ndarray:
    """RMSE of each face over its labels, from squared errors (N, 15, 2); NaN without a label."""
    counts = np.isfinite(errors).sum(axis=(1, 2))
    return np.sqrt(np.nansum(errors, axis=(1, 2)) / np.where(counts, counts, np.nan))


def training_card(
    faces: Faces, prediction: np.ndarray, row: int, kind: str, note: str = ""
) -> FaceCard:
    """A training face with its labels and the predictions of labelled keypoints.

    Args:
        faces: N faces.
        prediction: float (N, 15, 2) in pixels, out-of-fold.
        row: index of the face.
        kind: part of the gallery.
        note: a phrase about it.
    """
    labels = faces.keypoints[row]
    predicted = np.where(np.isfinite(labels), prediction[row], np.nan)
    error = float(face_rmse(squared_errors(labels, prediction[row])[None])[0])
    return FaceCard(
        title=f"row {faces.ids[row]}",
        note=note,
        image=data_url(faces.images[row]),
        marks=keypoint_marks(labels, predicted),
        annotator=int(faces.annotator[row]),
        error=error,
        kind=kind,
        row=int(faces.ids[row]),
    )


def _worst(rows: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """The worst of `rows` over all labels, then the worst of each keypoint, without repeats."""
    by_keypoint = errors[rows].sum(axis=-1)
    orders = [np.argsort(-face_rmse(errors[rows]))[:WORST]]
    for distances in by_keypoint.T:
        known = np.flatnonzero(np.isfinite(distances))
        orders.append(known[np.argsort(-distances[known])][:WORST_BY_KEYPOINT])
    _, first = np.unique(np.concatenate(orders), return_index=True)
    return rows[np.concatenate(orders)[np.sort(first)]]


def _test_cards(
    leaderboard: Leaderboard, annotator: int, random: np.random.Generator
) -> Iterator[FaceCard]:
    """Test faces at random, with predictions of the keypoints that their annotator labels."""
    test, predicted = leaderboard.data.test, leaderboard.best.entry.test
    keypoints = np.arange(predicted.shape[1])
    if annotator != ANNOTATORS[0]:
        keypoints = np.array(SECOND_ANNOTATOR)
    rows = np.flatnonzero(test.annotator == annotator)
    for row in random.permutation(rows)[:TEST]:
        shown = np.full_like(predicted[row], np.nan)
        shown[keypoints] = predicted[row][keypoints]
        yield FaceCard(
            title=f"image {test.ids[row]}",
            note="",
            image=data_url(test.images[row]),
            marks=keypoint_marks(test.keypoints[row], shown),
            annotator=annotator,
            kind="test",
        )
