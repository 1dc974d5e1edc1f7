"""Faces to look at: the worst, the best, some at random, and the test set's predictions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from data.competition import ANNOTATORS, SECOND_ANNOTATOR
from data.faces import Faces
from kfold.report.card import Card, data_address, marks_of
from kfold.report.subject import Subject
from kfold.score import squared_errors

WORST, WORST_BY_KEYPOINT = 18, 5
BEST, RANDOM, TEST = 12, 18, 18
"""Faces of each annotator, and more of each keypoint."""


def gallery(subject: Subject) -> list[Card]:
    """Choose faces of each kind from both annotators; the worst of each keypoint too."""
    faces, oof = subject.data.train, subject.oof
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
        cards += [face_card(faces, oof, r, kind) for kind, part in chosen.items() for r in part]
        cards += _test_cards(subject, annotator, random)
    return cards


def face_rmse(errors: np.ndarray) -> np.ndarray:
    """RMSE of each face over its own labels, from squared errors (N, 15, 2); NaN without any."""
    counts = np.isfinite(errors).sum(axis=(1, 2))
    return np.sqrt(np.nansum(errors, axis=(1, 2)) / np.where(counts, counts, np.nan))


def face_card(faces: Faces, prediction: np.ndarray, row: int, kind: str, note: str = "") -> Card:
    """A training face with its labels and its prediction (N, 15, 2)."""
    labels = faces.keypoints[row]
    guess = np.where(np.isfinite(labels), prediction[row], np.nan)
    error = float(face_rmse(squared_errors(labels, prediction[row])[None])[0])
    return Card(
        title=f"row {faces.ids[row]}",
        note=note,
        image=data_address(faces.images[row]),
        marks=marks_of(labels, guess),
        annotator=int(faces.annotator[row]),
        error=error,
        kind=kind,
    )


def _worst(rows: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """The worst of `rows` over all labels, then the worst by each keypoint, each once."""
    by_keypoint = errors[rows].sum(axis=-1)
    orders = [np.argsort(-face_rmse(errors[rows]))[:WORST]]
    for distances in by_keypoint.T:
        known = np.flatnonzero(np.isfinite(distances))
        orders.append(known[np.argsort(-distances[known])][:WORST_BY_KEYPOINT])
    _, first = np.unique(np.concatenate(orders), return_index=True)
    return rows[np.concatenate(orders)[np.sort(first)]]


def _test_cards(subject: Subject, annotator: int, random: np.random.Generator) -> Iterator[Card]:
    """Test faces with the keypoints that a submission is asked for, as a rule."""
    test, predicted = subject.data.test, subject.best.entry.test
    asked = np.arange(predicted.shape[1])
    if annotator != ANNOTATORS[0]:
        asked = np.array(SECOND_ANNOTATOR)
    rows = np.flatnonzero(test.annotator == annotator)
    for row in random.permutation(rows)[:TEST]:
        guess = np.full_like(predicted[row], np.nan)
        guess[asked] = predicted[row][asked]
        yield Card(
            title=f"image {test.ids[row]}",
            note="",
            image=data_address(test.images[row]),
            marks=marks_of(test.keypoints[row], guess),
            annotator=annotator,
            kind="test",
        )
