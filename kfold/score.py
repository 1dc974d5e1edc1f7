"""The competition's score and what it says: pooled RMSE, its parts and its uncertainty.

N images, K = 15 keypoints, 2 as (x, y); everything in pixels; NaN labels are left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from data.competition import ANNOTATORS
from data.faces import Faces

BOOTSTRAP_SAMPLES = 1000

FARTHEST = 8.0
"""A label farther than this many pixels from a good prediction is not trusted: five to seven times
the error that good networks make on a coordinate."""

MOST_FLAGGED = 0.02
"""A prediction that would flag more than this share of the labels is not good enough to do so."""


@dataclass(frozen=True)
class Score:
    """Pooled RMSE of one set of predictions, in pixels; NaN where nothing is labelled.

    Attributes:
        rmse: over every labelled coordinate.
        low: lower end of the 95% bootstrap interval over groups of images.
        high: its upper end.
        by_annotator: one RMSE for each of `ANNOTATORS`.
        by_keypoint: one RMSE for each of the 15 keypoints.
        draws: `rmse` in each bootstrap sample; samples are the same for all predictions of the
            same images, so that draws of two of them may be subtracted.
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

    x and y count as separate values, images with more labels weigh more.

    Args:
        truth: float (N, 15, 2), NaN where there is no label.
        prediction: float (N, 15, 2), finite wherever there is a label.
    """
    return root_mean(squared_errors(truth, prediction))


def capped_rmse(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Pooled RMSE in which no label counts as farther off than `FARTHEST` pixels.

    Gross errors among the labels then weigh little and the same in every prediction that is any
    good, without another prediction to tell them by: what compares recipes of a search.

    Args:
        truth: float (N, 15, 2), NaN where there is no label.
        prediction: float (N, 15, 2).
    """
    squares = squared_errors(truth, prediction).sum(axis=-1)
    return root_mean(np.minimum(squares, FARTHEST**2) / 2)  # half for each coordinate


def score(faces: Faces, prediction: np.ndarray, groups: np.ndarray) -> Score:
    """Score predictions (N, 15, 2) for labelled faces in groups int (N,), with its parts."""
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
    """Bool (N, 15): labels farther than `distance` px from a prediction (N, 15, 2)."""
    return np.sqrt(squared_errors(truth, prediction).sum(axis=-1)) > distance


def untrusted_labels(truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Bool (N, 15): labels that are probably gross errors, told by an out-of-fold prediction.

    Those farther than `FARTHEST` pixels from it; none at all if they would be more than
    `MOST_FLAGGED` of the labels.
    """
    flagged = far_labels(truth, prediction, FARTHEST)
    if flagged.sum() > MOST_FLAGGED * np.isfinite(truth).all(axis=-1).sum():
        return np.zeros_like(flagged)
    return flagged


def trusted_faces(faces: Faces, predictions: Iterable[np.ndarray]) -> Faces:
    """The faces without the labels that the most exact prediction (N, 15, 2) makes out as wrong.

    The most exact is the one with the lowest RMSE over all labels.
    """
    best = min(predictions, key=lambda prediction: rmse(faces.keypoints, prediction))
    return faces.without(untrusted_labels(faces.keypoints, best))


def bootstrap_rmse(errors: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Pooled RMSE, (BOOTSTRAP_SAMPLES,), when groups are drawn again with replacement.

    Groups, not images or coordinates, are drawn (Efron, 1979): the errors of one face go together,
    and so do those of one person's faces, of which other data would have other people's.

    Args:
        errors: squared, float (N, 15, 2), NaN where there is no label.
        groups: int (N,), which images belong together (see `kfold.groups`).
    """
    _, group = np.unique(groups, return_inverse=True)
    sums = np.bincount(group, np.nansum(errors, axis=(1, 2)))
    counts = np.bincount(group, np.isfinite(errors).sum(axis=(1, 2)))
    draws = _times_drawn(len(sums))
    return np.sqrt(draws @ sums / np.maximum(draws @ counts, 1))


def interval(draws: np.ndarray) -> tuple[float, float]:
    """95% percentile interval of bootstrap draws."""
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(low), float(high)


@lru_cache(maxsize=1)
def _times_drawn(n: int) -> np.ndarray:
    """How often each of n groups is in each sample, float64 so that BLAS multiplies it."""
    draws = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), BOOTSTRAP_SAMPLES)
    return draws.astype(np.float64)


def root_mean(errors: np.ndarray) -> float:
    """Root of the mean of squared errors, of those that are finite; NaN if none is."""
    labelled = errors[np.isfinite(errors)]
    return float(np.sqrt(labelled.mean())) if labelled.size else float("nan")
