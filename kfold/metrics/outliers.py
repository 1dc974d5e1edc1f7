"""Labels that good predictions agree to be far off."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from kfold.metrics.score import CAP, squared_errors

FAR = 6.0
"""A label is far from a prediction beyond so many times the prediction's median distance, and
beyond `CAP` pixels: so a poor prediction, whose errors are large, calls few labels far."""


def distances(truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Distance of each label from its prediction, float64 (N, 15) in pixels; NaN without one."""
    return np.sqrt(squared_errors(truth, prediction).sum(axis=-1))


def far_labels(truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Labels that are far from a prediction (N, 15, 2), bool (N, 15)."""
    distance = distances(truth, prediction)
    labelled = distance[np.isfinite(distance)]
    limit = max(CAP, FAR * float(np.median(labelled))) if labelled.size else CAP
    return distance > limit


def outliers(truth: np.ndarray, predictions: Iterable[np.ndarray]) -> np.ndarray:
    """Labels that are far from every one of the predictions, bool (N, 15).

    Args:
        truth: float (N, 15, 2) in pixels, NaN where there is no label.
        predictions: one or more, out-of-fold, float (N, 15, 2).
    """
    return np.logical_and.reduce([far_labels(truth, each) for each in predictions])
