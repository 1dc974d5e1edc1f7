"""What competes on a run's leaderboard: baselines, models and ensembles with their predictions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from data.competition import IMAGE_SIZE, KEYPOINTS
from data.faces import Faces
from kfold.predictions import Predictions
from kfold.run import Run
from kfold.views import VIEWS

Blend = Callable[[np.ndarray], np.ndarray]
"""Members' keypoints (n, 15, 2, members) to one (n, 15, 2), in pixels."""


def mean_of_members(stacked: np.ndarray) -> np.ndarray:
    """The blend in which all members count the same."""
    return stacked.mean(axis=-1)


@dataclass(frozen=True)
class Member:
    """What a blend is made of: one view of one model, averaged over its seeds.

    Attributes:
        name: of the model and the view.
        oof: float (N, 15, 2) in pixels, out-of-fold.
        test: float (M, 15, 2) in pixels.
    """

    name: str
    oof: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class Entry:
    """One line of the leaderboard.

    Attributes:
        name: of the model, or of the way to blend.
        kind: 'baseline', 'model' or 'ensemble'.
        oof: float (N, 15, 2) in pixels, each row predicted by networks that never saw its group.
        test: float (M, 15, 2) in pixels, the mean over all folds, seeds and views.
        trainings: what each finished training behind it says of itself (see `kfold.fit`).
        parameters: of one network, or of all the networks that an ensemble blends.
        views: of a model, each of its test-time views.
        seeds: of a model, `oof` as each seed alone predicts it.
        weights: of each member of an ensemble, one for each annotator.
        blend: what it makes of other faces that the views of its models, in the run's order, have
            predicted as the first annotator would label them.
    """

    name: str
    kind: str
    oof: np.ndarray
    test: np.ndarray
    trainings: tuple[dict[str, Any], ...] = ()
    parameters: int = 0
    views: tuple[Member, ...] = ()
    seeds: tuple[np.ndarray, ...] = ()
    weights: dict[str, list[float]] = field(default_factory=dict)
    blend: Blend = mean_of_members

    @property
    def minutes(self) -> float:
        """Time spent in training, summed over folds and seeds."""
        return sum(training["seconds"] for training in self.trainings) / 60


def constant_baseline(faces: Faces, test: Faces, folds: np.ndarray) -> Entry:
    """Predict the mean of the training labels for every face."""
    oof = np.empty_like(faces.keypoints)
    for fold in np.unique(folds):
        oof[folds == fold] = _mean_face(faces.keypoints[folds != fold])
    everywhere = np.broadcast_to(_mean_face(faces.keypoints), test.keypoints.shape)
    return Entry("constant", "baseline", oof, everywhere)


def model_entry(run: Run, model: str, rows: int) -> Entry | None:
    """Average a model's finished seeds; None if it has no seed with every fold finished."""
    seeds = run.finished_seeds(model)
    if not seeds:
        return None
    views = VIEWS[run.config.models[model].views]
    oof = np.zeros((len(seeds), len(views), rows, len(KEYPOINTS), 2))
    tests, trainings = [], []
    for i, seed in enumerate(seeds):
        for fold in range(run.config.folds):
            predictions = Predictions.read(run.fold_folder(model, seed, fold))
            oof[i][:, predictions.rows] = predictions.oof
            tests.append(predictions.test)
            trainings.append(run.summary(model, seed, fold) or {})
    each = zip(views, oof.mean(axis=0), np.mean(tests, axis=0), strict=True)
    members = tuple(Member(f"{model}, {view.name}", *arrays) for view, *arrays in each)
    return Entry(
        model,
        "model",
        oof.mean(axis=(0, 1)),
        np.mean(tests, axis=(0, 1)),
        tuple(trainings),
        trainings[0]["parameters"],
        members,
        tuple(oof.mean(axis=1)),
    )


def _mean_face(keypoints: np.ndarray) -> np.ndarray:
    """Mean of each keypoint, (15, 2); the image's centre for one that nobody labelled."""
    counts = np.isfinite(keypoints).sum(axis=0)
    means = np.nansum(keypoints, axis=0, dtype=np.float64) / np.maximum(counts, 1)
    return np.where(counts > 0, means, (IMAGE_SIZE - 1) / 2)
