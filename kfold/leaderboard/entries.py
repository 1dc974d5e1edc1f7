"""Entries of a leaderboard: baselines, models and ensembles with their predictions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from data.competition import IMAGE_SIZE, KEYPOINTS
from data.faces import Faces
from kfold.runs.predictions import Predictions
from kfold.runs.run import Run
from kfold.runs.task import TrainingSummary
from kfold.training.tta import TTA

Blend = Callable[[np.ndarray], np.ndarray]
"""Combines member predictions (n, 15, 2, members) into (n, 15, 2), in pixels."""


def mean_of_members(members: np.ndarray) -> np.ndarray:
    """The blend with equal weights."""
    return members.mean(axis=-1)


@dataclass(frozen=True)
class Member:
    """A member of a blend: one test-time view of one model, averaged over seeds.

    Attributes:
        name: of the model and the view.
        oof: float (N, 15, 2) in pixels, out-of-fold.
        test: float (M, 15, 2) in pixels, averaged over folds too.
    """

    name: str
    oof: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class Entry:
    """A baseline, model or ensemble with its predictions.

    Attributes:
        name: of the model or the blending method.
        kind: 'baseline', 'model' or 'ensemble'.
        oof: float (N, 15, 2) in pixels, each row predicted by networks trained without its group.
        test: float (M, 15, 2) in pixels, averaged over folds, seeds and test-time views.
        trainings: summaries of all finished trainings that contribute.
        parameters: of one network of a model; of an ensemble, summed over its models.
        views: of a model, one member per test-time view.
        seeds: of a model, out-of-fold predictions (N, 15, 2) of each seed.
        weights: of an ensemble, each member's weight per annotator.
        blend: combines member predictions for new images; members in the run's order, labels as
            annotator 1 would place them.
    """

    name: str
    kind: str
    oof: np.ndarray
    test: np.ndarray
    trainings: tuple[TrainingSummary, ...] = ()
    parameters: int = 0
    views: tuple[Member, ...] = ()
    seeds: tuple[np.ndarray, ...] = ()
    weights: dict[str, list[float]] = field(default_factory=dict)
    blend: Blend = mean_of_members

    @property
    def epochs(self) -> int | None:
        """Epochs of a model's trainings; None for baselines and ensembles."""
        return self.trainings[0].epochs if self.kind == "model" else None

    @property
    def images_per_second(self) -> float | None:
        """Mean speed of a model's trainings; None for baselines and ensembles."""
        speeds = [training.images_per_second for training in self.trainings]
        return float(np.mean(speeds)) if self.kind == "model" else None

    @property
    def minutes(self) -> float:
        """Training time, summed over folds and seeds."""
        return sum(training.seconds for training in self.trainings) / 60


def constant_baseline(faces: Faces, test: Faces, folds: np.ndarray) -> Entry:
    """Predict the mean of the training labels for every face."""
    oof = np.empty_like(faces.keypoints)
    for fold in np.unique(folds):
        oof[folds == fold] = _mean_face(faces.keypoints[folds != fold])
    test_mean = np.broadcast_to(_mean_face(faces.keypoints), test.keypoints.shape)
    return Entry("constant", "baseline", oof, test_mean)


def model_entry(run: Run, model: str, rows: int) -> Entry | None:
    """Average a model's finished seeds.

    Args:
        run: its folder has the predictions.
        model: name in the run's configuration.
        rows: number of training faces, N.

    Returns:
        The entry; None if no seed has every fold finished.
    """
    seeds = run.finished_seeds(model)
    if not seeds:
        return None
    views = TTA[run.config.models[model].tta]
    oof = np.zeros((len(seeds), len(views), rows, len(KEYPOINTS), 2))
    tests, trainings = [], []
    for i, seed in enumerate(seeds):
        for fold in range(run.config.folds):
            predictions = Predictions.read(run.fold_folder(model, seed, fold))
            oof[i][:, predictions.rows] = predictions.oof
            tests.append(predictions.test)
            if summary := run.summary(model, seed, fold):
                trainings.append(summary)
    by_view = zip(views, oof.mean(axis=0), np.mean(tests, axis=0), strict=True)
    return Entry(
        name=model,
        kind="model",
        oof=oof.mean(axis=(0, 1)),
        test=np.mean(tests, axis=(0, 1)),
        trainings=tuple(trainings),
        parameters=trainings[0].parameters,
        views=tuple(Member(f"{model}, {view.name}", *arrays) for view, *arrays in by_view),
        seeds=tuple(oof.mean(axis=1)),
    )


def _mean_face(keypoints: np.ndarray) -> np.ndarray:
    """Mean of each keypoint, (15, 2); the image's centre for a keypoint without labels."""
    counts = np.isfinite(keypoints).sum(axis=0)
    means = np.nansum(keypoints, axis=0, dtype=np.float64) / np.maximum(counts, 1)
    return np.where(counts > 0, means, (IMAGE_SIZE - 1) / 2)
