"""Blend models by their out-of-fold predictions, and score the blend without fooling oneself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import nnls

from data.competition import ANNOTATORS
from data.faces import Faces
from kfold.entries import Entry
from kfold.score import trusted_faces


def ensembles(models: Sequence[Entry], train: Faces, test: Faces, folds: np.ndarray) -> list[Entry]:
    """Every blend of the models; no mean of fewer than two."""
    if not models:
        return []
    mean = [equal_mean(models)] if len(models) > 1 else []
    return [*mean, stack(models, train, test, folds)]


def equal_mean(models: Sequence[Entry]) -> Entry:
    """The plain mean of all models."""
    oof = np.mean([model.oof for model in models], axis=0)
    test = np.mean([model.test for model in models], axis=0)
    weights = {model.name: [1 / len(models)] * len(ANNOTATORS) for model in models}
    return _blend("mean", models, oof, test, weights)


def stack(models: Sequence[Entry], train: Faces, test: Faces, folds: np.ndarray) -> Entry:
    """A linear model over every view of every model, one for each annotator.

    Its weights, none negative, say which views are worth averaging; its intercepts take away the
    mean error of each keypoint along x and y (stacked regressions: Breiman, 1996). Labels that the
    best view makes out as wrong are not fitted. The out-of-fold blend of a row is fitted
    on the other folds, so that its score is not fitted on itself; the test set's on all rows.
    """
    members = [member for model in models for member in model.views]
    stacked = np.stack([member.oof for member in members], axis=-1)
    tests = np.stack([member.test for member in members], axis=-1)
    truth = trusted_faces(train, (member.oof for member in members)).keypoints
    oof, blended = np.empty(stacked.shape[:-1]), np.empty(tests.shape[:-1])
    weights: dict[str, list[float]] = {member.name: [] for member in members}
    for annotator in ANNOTATORS:
        rows, wanted = train.annotator == annotator, test.annotator == annotator
        for fold in np.unique(folds):
            fitted, held_out = rows & (folds != fold), rows & (folds == fold)
            oof[held_out] = _apply(stacked[held_out], *_fit(stacked[fitted], truth[fitted]))
        final, intercept = _fit(stacked[rows], truth[rows])
        blended[wanted] = _apply(tests[wanted], final, intercept)
        for member, weight in zip(members, final, strict=True):
            weights[member.name].append(float(weight))
    return _blend("stack", models, oof, blended, weights)


def _fit(stacked: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights (members,) that sum to 1 and intercepts (15, 2) in px, 0 without a label.

    Args:
        stacked: float (n, 15, 2, members).
        truth: float (n, 15, 2), NaN where there is no label to fit.
    """
    labelled = np.isfinite(truth)
    counts = np.maximum(labelled.sum(axis=0), 1)
    mean_truth = np.nansum(truth, axis=0) / counts
    mean_members = (stacked * labelled[..., None]).sum(axis=0) / counts[..., None]
    weights = np.zeros(stacked.shape[-1])
    if labelled.any():
        features, targets = (stacked - mean_members)[labelled], (truth - mean_truth)[labelled]
        weights, _ = nnls(features, targets)
    if not weights.any():  # nothing to fit, or nothing that helps
        weights = np.ones_like(weights)
    weights = weights / weights.sum()
    return weights, np.where(labelled.any(axis=0), mean_truth - mean_members @ weights, 0.0)


def _apply(stacked: np.ndarray, weights: np.ndarray, intercept: np.ndarray) -> np.ndarray:
    return stacked @ weights + intercept


def _blend(
    name: str,
    models: Sequence[Entry],
    oof: np.ndarray,
    test: np.ndarray,
    weights: dict[str, list[float]],
) -> Entry:
    trainings = tuple(training for model in models for training in model.trainings)
    parameters = sum(model.parameters for model in models)
    return Entry(name, "ensemble", oof, test, trainings, parameters, weights=weights)
