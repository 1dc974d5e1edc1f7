"""Blend models by their out-of-fold predictions, each fold by weights fitted on the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from data.competition import ANNOTATORS
from data.faces import Faces
from kfold.leaderboard.correction import Correct, fit_correction
from kfold.leaderboard.entries import Blend, Entry
from kfold.metrics.score import trusted_faces


@dataclass(frozen=True)
class Stack:
    """A linear model over members, for one annotator (stacked regressions: Breiman, 1996).

    Attributes:
        weights: float (members,), non-negative, summing to 1.
        intercept: float (15, 2) in pixels, minus the mean error of each keypoint; 0 without a
            label.
        correct: removes errors that depend on the face (see `kfold.leaderboard.correction`).
    """

    weights: np.ndarray
    intercept: np.ndarray
    correct: Correct

    def __call__(self, members: np.ndarray) -> np.ndarray:
        """Blend predictions (n, 15, 2, members): float (2, n, 15, 2), linear and corrected."""
        linear = members @ self.weights + self.intercept
        return np.stack([linear, self.correct(linear)])


def ensembles(models: Sequence[Entry], train: Faces, test: Faces, folds: np.ndarray) -> list[Entry]:
    """Every blend of the models; 'mean' only of two or more."""
    if not models:
        return []
    mean = [equal_mean(models)] if len(models) > 1 else []
    return [*mean, *stacks(models, train, test, folds)]


def equal_mean(models: Sequence[Entry]) -> Entry:
    """The mean of all models."""
    oof = np.mean([model.oof for model in models], axis=0)
    test = np.mean([model.test for model in models], axis=0)
    weights = {model.name: [1 / len(models)] * len(ANNOTATORS) for model in models}
    of_views = np.repeat([1 / len(model.views) for model in models], [len(m.views) for m in models])
    of_views = of_views / len(models)
    return _entry("mean", models, oof, test, lambda members: members @ of_views, weights)


def stacks(models: Sequence[Entry], train: Faces, test: Faces, folds: np.ndarray) -> list[Entry]:
    """`stack`, a linear model over every view of every model, and `refined`, its correction.

    Each annotator has its own. The out-of-fold blend of a row is fitted on the other folds, the
    blend of the test set on all rows. Labels that the best view flags as outliers are not fitted.
    """
    members = [member for model in models for member in model.views]
    oof_members = np.stack([member.oof for member in members], axis=-1)
    test_members = np.stack([member.test for member in members], axis=-1)
    oof = _blend_out_of_fold(oof_members, train, folds)
    fitted = _fit_on_all_rows(oof_members, train)
    blended = np.empty((2, *test_members.shape[:-1]))
    for annotator, stack in fitted.items():
        rows = test.annotator == annotator
        blended[:, rows] = stack(test_members[rows])
    columns = np.transpose([stack.weights for stack in fitted.values()]).tolist()
    weights = {member.name: column for member, column in zip(members, columns, strict=True)}
    first = fitted[ANNOTATORS[0]]
    return [
        _entry("stack", models, oof[0], blended[0], lambda new: first(new)[0], weights),
        _entry("refined", models, oof[1], blended[1], lambda new: first(new)[1], {}),
    ]


def fit_stack(members: np.ndarray, truth: np.ndarray) -> Stack:
    """Fit weights and intercepts, then the correction of the remaining errors.

    Args:
        members: float (n, 15, 2, members) in pixels.
        truth: float (n, 15, 2) in pixels, NaN where there is no label to fit.
    """
    labelled = np.isfinite(truth)
    counts = np.maximum(labelled.sum(axis=0), 1)
    mean_truth = np.nansum(truth, axis=0) / counts
    mean_members = (members * labelled[..., None]).sum(axis=0) / counts[..., None]
    weights = np.zeros(members.shape[-1])
    if labelled.any():
        features, targets = (members - mean_members)[labelled], (truth - mean_truth)[labelled]
        weights, _ = nnls(features, targets)
    if not weights.any():  # no label to fit, or no member that helps
        weights = np.ones_like(weights)
    weights = weights / weights.sum()
    intercept = np.where(labelled.any(axis=0), mean_truth - mean_members @ weights, 0.0)
    return Stack(weights, intercept, fit_correction(members @ weights + intercept, truth))


def _blend_out_of_fold(members: np.ndarray, train: Faces, folds: np.ndarray) -> np.ndarray:
    """Out-of-fold blends, linear and corrected, float (2, N, 15, 2)."""
    blended = np.empty((2, *members.shape[:-1]))
    for fold in np.unique(folds):
        truth = _trusted_keypoints(train, members, folds != fold)
        for annotator in ANNOTATORS:
            rows = train.annotator == annotator
            fitted, held_out = rows & (folds != fold), rows & (folds == fold)
            blended[:, held_out] = fit_stack(members[fitted], truth[fitted])(members[held_out])
    return blended


def _fit_on_all_rows(members: np.ndarray, train: Faces) -> dict[int, Stack]:
    """The stack of each annotator, for new images."""
    truth = _trusted_keypoints(train, members, np.full(len(train), True))
    masks = {annotator: train.annotator == annotator for annotator in ANNOTATORS}
    return {annotator: fit_stack(members[rows], truth[rows]) for annotator, rows in masks.items()}


def _trusted_keypoints(train: Faces, members: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Labels (N, 15, 2) of `rows`, NaN where their best member flags outliers; others NaN."""
    truth = np.full_like(train.keypoints, np.nan)
    truth[rows] = trusted_faces(train[rows], np.moveaxis(members[rows], -1, 0)).keypoints
    return truth


def _entry(
    name: str,
    models: Sequence[Entry],
    oof: np.ndarray,
    test: np.ndarray,
    blend: Blend,
    weights: dict[str, list[float]],
) -> Entry:
    trainings = tuple(training for model in models for training in model.trainings)
    parameters = sum(model.parameters for model in models)
    return Entry(name, "ensemble", oof, test, trainings, parameters, weights=weights, blend=blend)
