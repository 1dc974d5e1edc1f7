"""The competition's score: pooled RMSE, its parts and its uncertainty.

N images, K = 15 keypoints, 2 coordinates (x, y); everything in pixels; NaN labels are ignored.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from data.competition import ANNOTATORS
from data.faces import Faces

BOOTSTRAP_SAMPLES = 1000

FAR_LABEL = 8.0
"""A label farther than this many pixels from a good prediction is not trusted. It is five to seven
times the RMSE of good networks."""

MAX_FLAGGED = 0.02
"""A prediction that flags more than this share of the labels is not good enough to flag any."""


@dataclass(frozen=True)
class Score:
    """Pooled RMSE of one set of predictions in pixels, with its parts; NaN where no label is.

    Attributes:
        rmse: over every labelled coordinate.
        low: lower end of the 95% bootstrap interval over groups of images.
        high: its upper end.
        by_annotator: RMSE of each of `ANNOTATORS`.
        by_keypoint: RMSE of each of the 15 keypoints.
        draws: `rmse` in each bootstrap sample. Samples are the same for all predictions of the same
            images, so the draws of two predictions are paired and may be subtracted.
    """

    rmse: float
    low: float
    high: float
    by_annotator: tuple[float, ...]
    by_keypoint: tuple[float, ...]
    draws: np.ndarray = field(repr=False, compare=False)


def squared_errors(truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Squared error of every coordinate, float64 (N, 15, 2), NaN where there is no label."""
    return (truth.astype(np.float64) - prediction) ** 2


def rmse(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Kaggle's metric: the root of the mean squared error over all labelled coordinates.

    x and y count as separate values; images with more labels weigh more.

    Args:
        truth: float (N, 15, 2), NaN where there is no label.
        prediction: float (N, 15, 2), finite wherever there is a label.
    """
    return root_mean(squared_errors(truth, prediction))


def capped_rmse(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Pooled RMSE in which the distance of each keypoint is capped at `FAR_LABEL` pixels.

    Grossly wrong labels then weigh little, and the same in every good prediction. No reference
    prediction is needed, so a search can compare recipes by it.

    Args:
        truth: float (N, 15, 2), NaN where there is no label.
        prediction: float (N, 15, 2).
    """
    squares = squared_errors(truth, prediction).sum(axis=-1)
    return root_mean(np.minimum(squares, FAR_LABEL**2) / 2)  # half of it per coordinate


def score(faces: Faces, prediction: np.ndarray, groups: np.ndarray) -> Score:
    """Score predictions (N, 15, 2) for N labelled faces; the bootstrap draws groups, int (N,)."""
    errors = squared_errors(faces.keypoints, prediction)
    draws = bootstrap_rmse(errors, groups)
    low, high = interval(draws)
    return Score(
        rmse=root_mean(errors),
        low=low,
        high=high,
        by_annotator=tuple(root_mean(errors[faces.annotator == a]) for a in ANNOTATORS),
        by_keypoint=tuple(root_mean(errors[:, k]) for k in range(errors.shape[1])),
        draws=draws,
    )


def far_labels(truth: np.ndarray, prediction: np.ndarray, distance: float) -> np.ndarray:
    """Labels farther than `distance` pixels from a prediction (N, 15, 2), bool (N, 15)."""
    return np.sqrt(squared_errors(truth, prediction).sum(axis=-1)) > distance


def untrusted_labels(truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Labels that are probably grossly wrong, bool (N, 15), by an out-of-fold prediction.

    They are farther than `FAR_LABEL` pixels from it. None are flagged if that would be more than
    `MAX_FLAGGED` of the labels.
    """
    flagged = far_labels(truth, prediction, FAR_LABEL)
    if flagged.sum() > MAX_FLAGGED * np.isfinite(truth).all(axis=-1).sum():
        return np.zeros_like(flagged)
    return flagged


def trusted_faces(faces: Faces, predictions: Iterable[np.ndarray]) -> Faces:
    """The faces without the labels that the most accurate prediction flags as grossly wrong.

    Args:
        faces: N faces.
        predictions: out-of-fold predictions (N, 15, 2); the most accurate has the lowest RMSE over
            all labels.
    """
    best = min(predictions, key=lambda prediction: rmse(faces.keypoints, prediction))
    return faces.without(untrusted_labels(faces.keypoints, best))


def bootstrap_rmse(errors: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Pooled RMSE of bootstrap samples (Efron, 1979), float64 (BOOTSTRAP_SAMPLES,).

    Groups are resampled, not images or coordinates: errors are correlated within a face and among
    the faces of one person, and new data would show new people.

    Args:
        errors: squared errors, float (N, 15, 2), NaN where there is no label.
        groups: int (N,), equal for images that belong together (see
            `kfold.folds.person_groups`).
    """
    _, group = np.unique(groups, return_inverse=True)
    sums = np.bincount(group, np.nansum(errors, axis=(1, 2)))
    counts = np.bincount(group, np.isfinite(errors).sum(axis=(1, 2)))
    draws = _sample_counts(len(sums))
    return np.sqrt(draws @ sums / np.maximum(draws @ counts, 1))


def interval(draws: np.ndarray) -> tuple[float, float]:
    """95% percentile interval of bootstrap draws."""
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(low), float(high)


@lru_cache(maxsize=1)
def _sample_counts(n: int) -> np.ndarray:
    """How often each of n groups is in each sample, (BOOTSTRAP_SAMPLES, n); float64 for BLAS."""
    draws = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), BOOTSTRAP_SAMPLES)
    return draws.astype(np.float64)


def root_mean(errors: np.ndarray) -> float:
    """Root of the mean of the finite squared errors; NaN if there are none."""
    labelled = errors[np.isfinite(errors)]
    return float(np.sqrt(labelled.mean())) if labelled.size else float("nan")
