"""Train a network for all its epochs, and see with it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from kfold import backend  # noqa: F401  isort: skip
import keras

from augment.batches import Batches, network_inputs, shrunk
from data.competition import IMAGE_SIZE
from data.errors import UserError
from data.faces import Faces
from kfold.keypoint_model import KeypointModel
from kfold.losses import LOSSES, PooledRMSE, TrustedRMSE
from kfold.optimizer import build_optimizer
from kfold.recipe import Recipe
from kfold.score import far_labels
from kfold.views import VIEWS, predict_views

OnEpoch = Callable[[int, dict[str, float]], None]

_PREDICTION_BATCH = 64  # larger ones take memory and no less time
_COARSE_SIZE = 64
_SETTLING_BATCHES = 32
_EVALUATIONS = 10  # validation scores in a history, at most


class DivergedError(UserError):
    """The loss is no longer a number."""


class StoppedError(Exception):
    """The training was asked to end: what `on_epoch` raises for that."""


def predict(model: KeypointModel, faces: Faces, views: str = "plain") -> np.ndarray:
    """Keypoints float32 (V, N, 15, 2) in pixels, clipped to the image, one for each of V views.

    Args:
        model: a trained one.
        faces: N of them; their labels are not looked at.
        views: a name in `kfold.views.VIEWS`.
    """

    def look(images: np.ndarray, mirrored: bool) -> np.ndarray:
        inputs = network_inputs(images, faces.annotator, np.full(len(images), mirrored))
        return model.predict(inputs, batch_size=_PREDICTION_BATCH, verbose=0)["keypoints"]

    return predict_views(VIEWS[views], faces.images, look)


def seed_of(seed: int, part: int) -> int:
    """A seed of its own for each part of what `seed` decides."""
    return int(np.random.SeedSequence([seed, part]).generate_state(1)[0])


@dataclass
class Training:
    """A training under way: what does not change from epoch to epoch, and its history so far.

    Attributes:
        model: with its first weights, not compiled.
        recipe: what it is trained by.
        validation: the faces that are held out.
        seed: of the order of the rows and the augmentation.
        workers: processes that augment beside the training; 0 augments in this one.
        on_epoch: told each epoch, counted from 1, its losses and scores, and the `size` in px of
            the images that they are of.
        history: losses and scores so far.
        distrusted: how many labels are no longer trained on.
        waited: seconds spent on batches: waiting for them, or making them without `workers`.
    """

    model: KeypointModel
    recipe: Recipe
    validation: Faces
    seed: int
    workers: int
    on_epoch: OnEpoch
    history: dict[str, list[float]] = field(default_factory=dict)
    distrusted: int = 0
    waited: float = 0.0

    def run(self, train: Faces) -> None:
        """Train for all epochs: the first ones coarse, those after half on what is trusted."""
        recipe, epochs = self.recipe, self.recipe.epochs
        self.model.map_weight = recipe.map_weight
        optimizer = build_optimizer(recipe, epochs * max(1, len(train) // recipe.batch_size))
        # Else the first step makes its variables, and TensorFlow traces it twice, at great length.
        optimizer.build(self.model.trainable_variables)
        coarse = round(epochs * recipe.coarse)
        half = max(1, epochs // 2) if recipe.distrust else epochs
        for start, stop in pairwise(sorted({0, coarse, half, epochs})):
            if start == half:
                train = self._trusted(train, _COARSE_SIZE if start <= coarse else IMAGE_SIZE)
            if start in (0, coarse):
                # Anew for each size: the step would be traced for any size, and be slower.
                metrics = [PooledRMSE(), TrustedRMSE()]
                self.model.compile(optimizer, LOSSES[recipe.loss], metrics=metrics)
            size = _COARSE_SIZE if stop <= coarse else IMAGE_SIZE
            self._fit(train, range(start, stop), size)
        if recipe.ema:
            self._settle(train, size)

    def _settle(self, train: Faces, size: int) -> None:
        """Have batch norm see what the averaged weights make of faces: no step ever did.

        Without it, its statistics would be those of the last steps' weights (Izmailov et al., 2018,
        "Averaging weights leads to wider optima and better generalization").
        """
        norms = [x for x in self.model.layers if isinstance(x, keras.layers.BatchNormalization)]
        seed = seed_of(self.seed, self.recipe.epochs)
        with Batches(train, self.recipe.batch_size, self.recipe.policy, seed, 0, size) as batches:
            for step in range(_SETTLING_BATCHES if norms else 0):
                for norm in norms:
                    norm.momentum = step / (step + 1)  # the plain mean over these batches
                inputs, _ = batches[step % len(batches)]
                self.model(inputs, training=True)

    def _trusted(self, train: Faces, size: int) -> Faces:
        """Leave out labels that the network, half trained on that size, sees far elsewhere.

        It has only begun to learn them by heart, and no held-out label plays a part.
        """
        upright = np.zeros(len(train), bool)
        inputs = network_inputs(shrunk(train.images, size), train.annotator, upright)
        seen = self.model.predict(inputs, batch_size=_PREDICTION_BATCH, verbose=0)["keypoints"]
        suspects = far_labels(train.keypoints, seen, self.recipe.distrust)
        self.distrusted = int(suspects.sum())
        return train.without(suspects)

    def _fit(self, train: Faces, epochs: range, size: int) -> None:
        """Train for the epochs of that range, counted from 0, on images of that size."""
        evaluated = _evaluated_epochs(self.recipe.epochs)
        upright = np.zeros(len(self.validation), bool)
        held_out = network_inputs(
            shrunk(self.validation.images, size), self.validation.annotator, upright
        )
        recipe, seed = self.recipe, seed_of(self.seed, epochs.start)
        # So that what is evaluated is what will predict.
        averaging = [keras.callbacks.SwapEMAWeights()] if recipe.ema else []
        with Batches(train, recipe.batch_size, recipe.policy, seed, self.workers, size) as batches:
            logs = self.model.fit(
                batches,
                initial_epoch=epochs.start,
                epochs=epochs.stop,
                validation_data=(held_out, self.validation.keypoints),
                validation_batch_size=_PREDICTION_BATCH,
                validation_freq=evaluated,
                callbacks=[*averaging, _Watch(self.on_epoch, size)],
                verbose=0,
            ).history
        self.waited += batches.seconds
        for name, values in logs.items():
            self.history.setdefault(name, []).extend(float(value) for value in values)
        self.history["val_epoch"] = [float(epoch) for epoch in evaluated]


class _Watch(keras.callbacks.Callback):
    """Tells the caller about each epoch and stops a training that has lost its way."""

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
    # One costs a fifteenth of an epoch: not after each.
    step = max(2, math.ceil(epochs / _EVALUATIONS))
    return sorted({*range(step, epochs + 1, step), epochs})
