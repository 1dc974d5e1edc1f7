"""How far a score would move with other faces, and with other trainings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

BOOTSTRAP_SAMPLES = 1000

CONFIDENCE = 0.95


def bootstrap_rmse(predictions: Iterable[np.ndarray], groups: np.ndarray) -> np.ndarray:
    """Pooled RMSE of predictions in bootstrap samples (Efron, 1979), (P, BOOTSTRAP_SAMPLES).

    Groups are resampled, not images or coordinates: errors are correlated within a face and among
    the faces of one person, and new data would show new people.

    Args:
        predictions: squared errors of each of P, float (N, 15, 2), NaN where there is no label.
        groups: int (N,), equal for images that belong together (see
            `kfold.folds.person_groups`).
    """
    _, group = np.unique(groups, return_inverse=True)
    sums, counts = [], []
    for errors in predictions:
        sums.append(np.bincount(group, np.nansum(errors, axis=(1, 2))))
        counts.append(np.bincount(group, np.isfinite(errors).sum(axis=(1, 2))))
    # One product for all: the samples are a large matrix.
    total, labels = np.array([sums, counts]) @ _sample_counts(len(sums[0])).T
    return np.sqrt(total / np.maximum(labels, 1))


def interval(draws: np.ndarray) -> tuple[float, float]:
    """95% percentile interval of bootstrap draws: what other faces would change."""
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(draws, [tail, 100 - tail])
    return float(low), float(high)


def with_training_noise(
    mean: float, ends: tuple[float, float], seeds: Sequence[float]
) -> tuple[float, float]:
    """Widen an interval over faces by what other seeds would change.

    The variances of both add up, each with its degrees of freedom (Satterthwaite, 1946): two seeds
    say little about the scatter of seeds, so they widen the interval a lot.

    Args:
        mean: the score, or the difference of two scores.
        ends: its `interval` over faces.
        seeds: the same score or difference of each seed alone; with fewer than two, which tell
            nothing of training noise, the interval stays as it is.
    """
    if len(seeds) < 2 or np.ptp(seeds) < 1e-9:
        return ends
    from scipy.special import ndtri, stdtrit

    upper = (1 + CONFIDENCE) / 2
    of_seeds = float(np.var(seeds, ddof=1)) / len(seeds)
    margins = []
    for end in ends:
        variance = (abs(mean - end) / ndtri(upper)) ** 2 + of_seeds
        freedom = (len(seeds) - 1) * (variance / of_seeds) ** 2
        margins.append(float(stdtrit(freedom, upper) * np.sqrt(variance)))
    return mean - margins[0], mean + margins[1]


@lru_cache(maxsize=1)
def _sample_counts(n: int) -> np.ndarray:
    """How often each of n groups is in each sample, (BOOTSTRAP_SAMPLES, n); float64 for BLAS."""
    draws = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), BOOTSTRAP_SAMPLES)
    return draws.astype(np.float64)
