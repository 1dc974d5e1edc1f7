"""Train a network for all its epochs, and predict with it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from kfold.models import backend  # noqa: F401  isort: skip
import keras

from augment.batches import Batches, downsample, network_inputs
from data.competition import IMAGE_SIZE
from data.faces import Faces
from data.system.errors import UserError
from kfold.config.recipe import LOW_RES_SIZE, Recipe
from kfold.custom.policies import policy_of
from kfold.models.keypoint_model import KeypointModel
from kfold.models.losses import CappedRMSE, PooledRMSE, loss_of
from kfold.training.optimizer import build_optimizer
from kfold.training.tta import TTA, View, predict_with_tta

OnEpoch = Callable[[int, dict[str, float]], None]
"""Receives the epoch, from 1, and its losses, scores and image `size` in pixels."""

_PREDICTION_BATCH = 64  # larger batches take more memory and are no faster
_MAX_EVALUATIONS = 10  # of the held-out faces during a training


class DivergedError(UserError):
    """The loss or a prediction became NaN or infinite."""


class StoppedError(Exception):
    """Raised by `on_epoch` to end a training early."""


def predict(
    model: KeypointModel, faces: Faces, views: tuple[View, ...] = TTA["none"]
) -> np.ndarray:
    """Predict the keypoints of N faces in each of V test-time views.

    Args:
        model: a trained model.
        faces: N faces; their labels are not used.
        views: of each face, such as a set of `kfold.training.tta.TTA`.

    Returns:
        float32 (V, N, 15, 2) in pixels, clipped to the image.
    """

    def predict_images(images: np.ndarray, mirrored: bool) -> np.ndarray:
        inputs = network_inputs(images, faces.annotator, np.full(len(images), mirrored))
        return model.predict(inputs, batch_size=_PREDICTION_BATCH, verbose=0)["keypoints"]

    return predict_with_tta(views, faces.images, predict_images)


def seed_of(seed: int, part: int) -> int:
    """Derive an independent seed from `seed` for each `part`."""
    return int(np.random.SeedSequence([seed, part]).generate_state(1)[0])


@dataclass
class Trainer:
    """One training, epoch by epoch.

    Attributes:
        model: the model with its initial weights, not compiled.
        recipe: how to train it.
        validation: the held-out faces.
        seed: of the order of the rows and the augmentation.
        workers: processes that augment in parallel to the training; 0 augments in this process.
        on_epoch: called after each epoch, see `OnEpoch`.
        history: losses and scores so far.
        waiting_seconds: time spent making batches or waiting for them.
    """

    model: KeypointModel
    recipe: Recipe
    validation: Faces
    seed: int
    workers: int
    on_epoch: OnEpoch
    history: dict[str, list[float]] = field(default_factory=dict)
    waiting_seconds: float = 0.0

    def run(self, train: Faces) -> None:
        """Train for all epochs, the first ones at low resolution."""
        recipe, epochs = self.recipe, self.recipe.epochs
        self.model.heatmap_weight = recipe.heatmap_weight
        optimizer = build_optimizer(recipe, epochs * max(1, len(train) // recipe.batch_size))
        # Otherwise the first step would create its variables, and TensorFlow would trace it twice.
        optimizer.build(self.model.trainable_variables)
        low_res = round(epochs * recipe.low_res_share)
        for start, stop in pairwise(sorted({0, low_res, epochs})):
            # Compile again for each image size: one trace for all sizes would be slower.
            metrics = [PooledRMSE(), CappedRMSE()]
            self.model.compile(optimizer, loss_of(recipe), metrics=metrics)
            size = LOW_RES_SIZE if stop <= low_res else IMAGE_SIZE
            self._fit(train, range(start, stop), size)

    def _fit(self, train: Faces, epochs: range, size: int) -> None:
        """Train for a range of epochs, counted from 0, on images of one size in pixels."""
        evaluated = _evaluated_epochs(self.recipe.epochs)
        upright = np.zeros(len(self.validation), bool)
        held_out = network_inputs(
            downsample(self.validation.images, size), self.validation.annotator, upright
        )
        recipe, seed = self.recipe, seed_of(self.seed, epochs.start)
        policy = policy_of(recipe)
        with Batches(train, recipe.batch_size, policy, seed, self.workers, size) as batches:
            logs = self.model.fit(
                batches,
                initial_epoch=epochs.start,
                epochs=epochs.stop,
                validation_data=(held_out, self.validation.keypoints),
                validation_batch_size=_PREDICTION_BATCH,
                validation_freq=evaluated,
                callbacks=[_EpochCallback(self.on_epoch, size)],
                verbose=0,
            ).history
        self.waiting_seconds += batches.seconds
        for name, values in logs.items():
            self.history.setdefault(name, []).extend(float(value) for value in values)
        self.history["val_epoch"] = [float(epoch) for epoch in evaluated]


class _EpochCallback(keras.callbacks.Callback):
    """Reports each epoch; stops the training if the loss is not finite."""

    def __init__(self, on_epoch: OnEpoch, size: int) -> None:
        super().__init__()
        self._on_epoch = on_epoch
        self._size = size

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        logs = logs or {}
        if not math.isfinite(logs["loss"]):
            raise DivergedError(
                f"the loss became {logs['loss']} in epoch {epoch + 1}: "
                "lower the recipe's learning_rate."
            )
        self._on_epoch(epoch + 1, {**logs, "size": self._size})


def _evaluated_epochs(epochs: int) -> list[int]:
    # An evaluation costs a fifteenth of an epoch, so most epochs go without.
    step = max(2, math.ceil(epochs / _MAX_EVALUATIONS))
    return sorted({*range(step, epochs + 1, step), epochs})
