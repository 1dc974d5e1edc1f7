"""Entries of a leaderboard: baselines, models, joined predictions and ensembles."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from data.competition import IMAGE_SIZE, KEYPOINTS
from data.faces import Faces
from kfold.leaderboard.stack import Stack
from kfold.runs.task import TrainingSummary


@dataclass(frozen=True)
class Entry:
    """A baseline, model, joined predictions or an ensemble.

    Members of a blend are the test-time views of models, each averaged over folds and seeds. A
    model is the mean of its own views; an ensemble has the views of all models, in the run's order.
    Joined predictions were made elsewhere, and count as a model of one view.

    Attributes:
        name: of the model or the blending method.
        kind: 'baseline', 'model', 'joined' or 'ensemble'.
        oof: float32 (N, 15, 2) in pixels, each row predicted by networks trained without its group.
        test: float32 (M, 15, 2) in pixels.
        trainings: summaries of all finished trainings that contribute.
        parameters: of one network of a model; of an ensemble, summed over its models.
        seed_rmse: capped RMSE in pixels by seed, of the entry's networks with this seed alone.
        view_rmse: of a model, capped RMSE in pixels of each test-time view alone.
        weights: of each member, '<model>, <view>', its weight for each annotator.
        stack: blends the members' predictions of new images, as annotator 1 would label them.
        refined: whether the stack's correction is part of the blend.
    """

    name: str
    kind: str
    oof: np.ndarray
    test: np.ndarray
    trainings: tuple[TrainingSummary, ...] = ()
    parameters: int = 0
    seed_rmse: dict[int, float] = field(default_factory=dict)
    view_rmse: dict[str, float] = field(default_factory=dict)
    weights: dict[str, tuple[float, ...]] = field(default_factory=dict)
    stack: Stack = field(default_factory=Stack, repr=False)
    refined: bool = False

    def blend(self, members: np.ndarray) -> np.ndarray:
        """Blend the members' predictions (n, 15, 2, members) of new images into (n, 15, 2).

        Members without weight for annotator 1 may be any finite number.
        """
        linear = self.stack.linear(np.moveaxis(members, -1, 0))
        return self.stack.correct(linear) if self.refined else linear

    @property
    def epochs(self) -> int | None:
        """Epochs of a model's trainings; None for other entries."""
        return self.trainings[0].epochs if self.kind == "model" else None

    @property
    def images_per_second(self) -> float | None:
        """Mean speed of a model's trainings; None for other entries."""
        speeds = [training.images_per_second for training in self.trainings]
        return float(np.mean(speeds)) if self.kind == "model" else None

    @property
    def minutes(self) -> float:
        """Training time in this run, summed over folds and seeds."""
        return sum(training.seconds for training in self.trainings) / 60


def constant_baseline(faces: Faces, test: Faces, folds: np.ndarray) -> Entry:
    """Predict the mean of the training labels for every face."""
    oof = np.empty_like(faces.keypoints)
    for fold in np.unique(folds):
        oof[folds == fold] = _mean_face(faces.keypoints[folds != fold])
    test_mean = np.broadcast_to(_mean_face(faces.keypoints), test.keypoints.shape)
    return Entry("constant", "baseline", oof, test_mean.astype(np.float32))


def _mean_face(keypoints: np.ndarray) -> np.ndarray:
    """Mean of each keypoint, (15, 2); the image's centre for a keypoint without labels."""
    counts = np.isfinite(keypoints).sum(axis=0)
    means = np.nansum(keypoints, axis=0, dtype=np.float64) / np.maximum(counts, 1)
    return np.where(counts > 0, means, (IMAGE_SIZE - 1) / 2).reshape(len(KEYPOINTS), 2)
