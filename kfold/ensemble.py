"""Blend models by their out-of-fold predictions, and score the blend without fooling oneself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import LinearRegression

from data.competition import ANNOTATORS
from data.faces import Faces
from kfold.entries import Entry


def ensembles(
    members: Sequence[Entry], train: Faces, test: Faces, folds: np.ndarray
) -> list[Entry]:
    """Every blend of two or more models; none of fewer."""
    if len(members) < 2:
        return []
    return [equal_mean(members), weighted_mean(members, train, test, folds)]


def equal_mean(members: Sequence[Entry]) -> Entry:
    """The plain mean of all models."""
    return _blend(
        "mean",
        members,
        np.mean([member.oof for member in members], axis=0),
        np.mean([member.test for member in members], axis=0),
        {member.name: [1 / len(members)] * len(ANNOTATORS) for member in members},
    )


def weighted_mean(members: Sequence[Entry], train: Faces, test: Faces, folds: np.ndarray) -> Entry:
    """Non-negative weights per annotator, fitted on out-of-fold predictions.

    The out-of-fold blend of a row uses weights fitted on the other folds, so that its score is
    not fitted on itself; the test set gets weights fitted on all rows.
    """
    stacked = np.stack([member.oof for member in members], axis=-1)
    tests = np.stack([member.test for member in members], axis=-1)
    oof, blended = np.empty(stacked.shape[:-1]), np.empty(tests.shape[:-1])
    weights: dict[str, list[float]] = {member.name: [] for member in members}
    for annotator in ANNOTATORS:
        rows, wanted = train.annotator == annotator, test.annotator == annotator
        for fold in np.unique(folds):
            fitted = _weights(stacked, train.keypoints, rows & (folds != fold))
            held_out = rows & (folds == fold)
            oof[held_out] = stacked[held_out] @ fitted
        final = _weights(stacked, train.keypoints, rows)
        blended[wanted] = tests[wanted] @ final
        for member, weight in zip(members, final, strict=True):
            weights[member.name].append(float(weight))
    return _blend("weighted", members, oof, blended, weights)


def _weights(stacked: np.ndarray, truth: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Non-negative least squares over the labels of `rows`, scaled to sum to 1: (members,)."""
    labelled = np.isfinite(truth[rows])
    if not labelled.any():
        return np.full(stacked.shape[-1], 1 / stacked.shape[-1])
    regression = LinearRegression(positive=True, fit_intercept=False)
    weights = regression.fit(stacked[rows][labelled], truth[rows][labelled]).coef_
    return weights / weights.sum()


def _blend(
    name: str,
    members: Sequence[Entry],
    oof: np.ndarray,
    test: np.ndarray,
    weights: dict[str, list[float]],
) -> Entry:
    trainings = tuple(training for member in members for training in member.trainings)
    parameters = sum(member.parameters for member in members)
    return Entry(name, "ensemble", oof, test, trainings, parameters, weights)
