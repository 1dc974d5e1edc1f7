"""The competition's score and its robust form: pooled RMSE, its parts and its uncertainty.

N images, K = 15 keypoints, 2 coordinates (x, y); everything in pixels; NaN labels are ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from data.competition import ANNOTATORS
from data.faces import Faces
from kfold.metrics.intervals import bootstrap_rmse, interval

CAP = 8.0
"""Distance in pixels beyond which a label's error no longer grows in the capped RMSE. It is five to
seven times the RMSE of good networks, whose larger errors are mostly wrong labels."""


@dataclass(frozen=True)
class Score:
    """RMSE of one set of predictions in pixels, with its parts; NaN where no label is.

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


def capped_errors(truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Squared errors (N, 15, 2) of labels no farther than `CAP` pixels from their prediction.

    A farther label counts as one at that distance in the same direction, so x and y keep their
    shares.
    """
    errors = squared_errors(truth, prediction)
    squares = errors[..., :1] + errors[..., 1:]
    return errors * (CAP**2 / np.maximum(squares, CAP**2))


def rmse(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Kaggle's metric: the root of the mean squared error over all labelled coordinates.

    x and y count as separate values; images with more labels weigh more.

    Args:
        truth: float (N, 15, 2), NaN where there is no label.
        prediction: float (N, 15, 2), finite wherever there is a label.
    """
    return root_mean(squared_errors(truth, prediction))


def capped_rmse(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Pooled RMSE in which no label counts as farther than `CAP` pixels from its prediction.

    Grossly wrong labels weigh little, and the same in every good prediction. The measure depends on
    nothing but the labels and this prediction, so it may rank any predictions of the same labels.

    Args:
        truth: float (N, 15, 2), NaN where there is no label.
        prediction: float (N, 15, 2).
    """
    return root_mean(capped_errors(truth, prediction))


def score(faces: Faces, predictions: Iterable[np.ndarray], groups: np.ndarray) -> list[Score]:
    """Pool the errors of each of several predictions of N labelled faces.

    Args:
        faces: N faces.
        predictions: of each, `squared_errors` or `capped_errors` of the labels, (N, 15, 2).
        groups: int (N,), equal for images that the bootstrap draws together.
    """
    parts: list[dict[str, Any]] = []

    def take_parts() -> Iterator[np.ndarray]:
        for errors in predictions:
            parts.append(
                {
                    "rmse": root_mean(errors),
                    "by_annotator": tuple(
                        root_mean(errors[faces.annotator == a]) for a in ANNOTATORS
                    ),
                    "by_keypoint": tuple(map(root_mean, errors.swapaxes(0, 1))),
                }
            )
            yield errors

    scores = []
    for draws, of_one in zip(bootstrap_rmse(take_parts(), groups), parts, strict=True):
        low, high = interval(draws)
        scores.append(Score(low=low, high=high, draws=draws, **of_one))
    return scores


def root_mean(errors: np.ndarray) -> float:
    """Root of the mean of the finite squared errors; NaN if there are none."""
    labelled = errors[np.isfinite(errors)]
    return float(np.sqrt(labelled.mean())) if labelled.size else float("nan")
