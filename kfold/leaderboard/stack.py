"""A linear blend of members, fitted to labels, and the correction of its remaining errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from data.competition import KEYPOINTS
from kfold.leaderboard.correction import Correct, fit_correction

_NO_FACES = np.empty((0, len(KEYPOINTS), 2), np.float32)
_RIDGE = 1e-9  # of the mean diagonal: members may be equal, or more than labels


@dataclass(frozen=True)
class Stack:
    """A linear model over members, for one annotator (stacked regressions: Breiman, 1996).

    Attributes:
        weights: float (members,), non-negative, summing to 1.
        intercept: float (15, 2) in pixels, minus the mean error of each keypoint; 0 without a
            label.
        predicted: float32 (n, 15, 2) in pixels, the blend of the faces that it was fitted to.
        truth: float32 (n, 15, 2) in pixels, their labels; NaN where none was fitted.
    """

    weights: np.ndarray = field(default_factory=lambda: np.ones(1))
    intercept: np.ndarray = field(default_factory=lambda: np.zeros((len(KEYPOINTS), 2)))
    predicted: np.ndarray = field(default_factory=_NO_FACES.copy)
    truth: np.ndarray = field(default_factory=_NO_FACES.copy)

    @cached_property
    def correct(self) -> Correct:
        """Removes errors that depend on the face (see `kfold.leaderboard.correction`)."""
        return fit_correction(self.predicted, self.truth)

    def linear(self, members: np.ndarray, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Blend `rows` of predictions (members, n, 15, 2) into float32 (rows, 15, 2)."""
        used = np.flatnonzero(self.weights)
        blended = sum(self.weights[member] * members[member][rows] for member in used)
        return (blended + self.intercept).astype(np.float32)


def equal_weights(members: int) -> Stack:
    """The mean of so many members."""
    return Stack(np.full(members, 1 / members))


def fit_stacks(members: np.ndarray, truths: Sequence[np.ndarray]) -> list[Stack]:
    """Fit weights and intercepts to each of several selections of labels.

    Non-negative least squares by the members' covariances, keypoint by keypoint, so that hundreds
    of members fit into memory.

    Args:
        members: float (members, N, 15, 2) in pixels.
        truths: each float (N, 15, 2) in pixels, NaN where there is no label to fit. With none at
            all, members have equal weights.
    """
    sums = [_Sums(len(members), truth) for truth in truths]
    for k, axis in np.ndindex(members.shape[2:]):
        predicted = np.ascontiguousarray(members[:, :, k, axis])
        for each in sums:
            each.add(predicted, k, axis)
    return [each.solve(members) for each in sums]


class _Sums:
    """Covariances of the members with each other and with the labels of one selection."""

    def __init__(self, members: int, truth: np.ndarray) -> None:
        self._truth, self._labelled = truth, np.isfinite(truth)
        self._gram, self._products = np.zeros((members, members)), np.zeros(members)
        self._mean_truth = np.zeros(truth.shape[1:])
        self._mean_members = np.zeros((*truth.shape[1:], members))

    def add(self, predicted: np.ndarray, k: int, axis: int) -> None:
        """Add a coordinate's predictions (members, N)."""
        rows = self._labelled[:, k, axis]
        if rows.any():
            features = predicted[:, rows].astype(np.float64)
            targets = self._truth[rows, k, axis].astype(np.float64)
            self._mean_members[k, axis] = features.mean(axis=1)
            self._mean_truth[k, axis] = targets.mean()
            features -= self._mean_members[k, axis][:, None]
            self._gram += features @ features.T
            self._products += features @ (targets - targets.mean())

    def solve(self, members: np.ndarray) -> Stack:
        """The stack of all coordinates that were added."""
        weights = self._weights()
        intercept = np.where(
            self._labelled.any(axis=0), self._mean_truth - self._mean_members @ weights, 0.0
        )
        rows = self._labelled.any(axis=(1, 2))
        predicted = Stack(weights, intercept).linear(members, rows)
        return Stack(weights, intercept, predicted, self._truth[rows])

    def _weights(self) -> np.ndarray:
        """Non-negative weights that sum to 1."""
        from scipy.linalg import cholesky, solve_triangular
        from scipy.optimize import nnls

        count = len(self._products)
        weights = np.zeros(count)
        if self._gram.any():
            ridge = _RIDGE * np.trace(self._gram) / count * np.eye(count)
            lower = cholesky(self._gram + ridge, lower=True)
            weights, _ = nnls(lower.T, solve_triangular(lower, self._products, lower=True))
        if not weights.any():  # no label to fit, or no member that helps
            weights = np.ones(count)
        return weights / weights.sum()
