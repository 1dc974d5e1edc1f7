"""Blend models by their out-of-fold predictions, and score the blend without fooling oneself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from data.competition import ANNOTATORS
from data.faces import Faces
from kfold.entries import Blend, Entry
from kfold.refine import Correct, fit_correction
from kfold.score import trusted_faces


def ensembles(models: Sequence[Entry], train: Faces, test: Faces, folds: np.ndarray) -> list[Entry]:
    """Every blend of the models; no mean of fewer than two."""
    if not models:
        return []
    mean = [equal_mean(models)] if len(models) > 1 else []
    return [*mean, *stacks(models, train, test, folds)]


def equal_mean(models: Sequence[Entry]) -> Entry:
    """The plain mean of all models."""
    oof = np.mean([model.oof for model in models], axis=0)
    test = np.mean([model.test for model in models], axis=0)
    weights = {model.name: [1 / len(models)] * len(ANNOTATORS) for model in models}
    of_views = np.repeat([1 / len(model.views) for model in models], [len(m.views) for m in models])
    of_views = of_views / len(models)
    return _entry("mean", models, oof, test, lambda seen: seen @ of_views, weights)


@dataclass(frozen=True)
class Stack:
    """A linear model over members, for one annotator (stacked regressions: Breiman, 1996).

    Attributes:
        weights: (members,), none negative, their sum 1: which views of which models are worth
            averaging.
        intercept: (15, 2) in px, takes away the mean error of each keypoint; 0 without a label.
        correct: moves what is blended by the errors of faces of such a shape (`kfold.refine`).
    """

    weights: np.ndarray
    intercept: np.ndarray
    correct: Correct

    def __call__(self, stacked: np.ndarray) -> np.ndarray:
        """Blend members (n, 15, 2, members): float (2, n, 15, 2), linear and corrected."""
        linear = stacked @ self.weights + self.intercept
        return np.stack([linear, self.correct(linear)])


def stacks(models: Sequence[Entry], train: Faces, test: Faces, folds: np.ndarray) -> list[Entry]:
    """`stack`, a linear model over every view of every model, and `refined`, which corrects it.

    Each annotator has its own. Labels that the best view makes out as wrong are not fitted. The
    out-of-fold blend of a row is fitted on the other folds, so that its score is not fitted on
    itself; the test set's on all rows.
    """
    members = [member for model in models for member in model.views]
    seen = np.stack([member.oof for member in members], axis=-1)
    unseen = np.stack([member.test for member in members], axis=-1)
    oof, blended = np.empty((2, *seen.shape[:-1])), np.empty((2, *unseen.shape[:-1]))
    truths = {fold: _trusted(train, seen, folds != fold) for fold in np.unique(folds)}
    everything = _trusted(train, seen, np.full(len(train), True))
    final: dict[int, Stack] = {}
    for annotator in ANNOTATORS:
        rows, wanted = train.annotator == annotator, test.annotator == annotator
        for fold, truth in truths.items():
            fitted, held_out = rows & (folds != fold), rows & (folds == fold)
            oof[:, held_out] = fit_stack(seen[fitted], truth[fitted])(seen[held_out])
        final[annotator] = fit_stack(seen[rows], everything[rows])
        blended[:, wanted] = final[annotator](unseen[wanted])
    columns = np.transpose([stack.weights for stack in final.values()]).tolist()
    weights = {member.name: column for member, column in zip(members, columns, strict=True)}
    first = final[ANNOTATORS[0]]
    return [
        _entry("stack", models, oof[0], blended[0], lambda seen: first(seen)[0], weights),
        _entry("refined", models, oof[1], blended[1], lambda seen: first(seen)[1], {}),
    ]


def _trusted(train: Faces, seen: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Labels (N, 15, 2), NaN where the best member makes them out as wrong and in other rows."""
    truth = np.full_like(train.keypoints, np.nan)
    truth[rows] = trusted_faces(train[rows], np.moveaxis(seen[rows], -1, 0)).keypoints
    return truth


def fit_stack(stacked: np.ndarray, truth: np.ndarray) -> Stack:
    """Fit weights, intercepts and the correction of what they leave.

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
    intercept = np.where(labelled.any(axis=0), mean_truth - mean_members @ weights, 0.0)
    return Stack(weights, intercept, fit_correction(stacked @ weights + intercept, truth))


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
