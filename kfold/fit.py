"""Fit one model on one fold with one seed: the unit of work of a cross-validation."""

from __future__ import annotations

import gc
import json
import math
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from kfold import backend  # noqa: F401  isort: skip
import keras

from augment.batches import Batches, network_inputs, shrunk
from data.atomic import replacing, write_json
from data.competition import IMAGE_SIZE
from data.errors import UserError
from data.faces import Faces
from kfold.keypoint_model import KeypointModel
from kfold.layers import AxisOffset
from kfold.losses import LOSSES, PooledRMSE, TrustedRMSE
from kfold.networks import build_model
from kfold.optimizer import build_optimizer
from kfold.recipe import Recipe
from kfold.score import far_labels, rmse
from kfold.views import VIEWS, predict_views

OnEpoch = Callable[[int, dict[str, float]], None]

_PREDICTION_BATCH = 256
_COARSE_SIZE = 64
_EVALUATIONS = 10  # validation scores in a history, at most


class DivergedError(UserError):
    """The loss is no longer a number."""


class StoppedError(Exception):
    """The training was asked to end: what `on_epoch` raises for that."""


@contextmanager
def _own_session() -> Iterator[None]:
    """Let go of what Keras keeps of models, before a training and however it ends.

    Layers are named after how many there were before, and the last digits of a training depend on
    the order of their names.
    """
    keras.backend.clear_session()
    try:
        yield
    finally:
        keras.backend.clear_session()
        gc.collect()


@_own_session()
def fit_fold(
    recipe: Recipe,
    faces: Faces,
    test: Faces,
    folds: np.ndarray,
    fold: int,
    seed: int,
    folder: Path,
    on_epoch: OnEpoch = lambda epoch, logs: None,
    workers: int = 0,
) -> dict[str, Any]:
    """Train on the other folds, predict this one and the test set, and keep it all in `folder`.

    Pure in its arguments: the same ones give the same files. A folder with a `done.json` is left
    as it is; without one, what a cut-off training left there is replaced.

    Args:
        recipe: what to train and how.
        faces: all N training faces.
        test: the M faces of the test set.
        folds: int (N,), the fold in which each row is held out.
        fold: the fold to hold out.
        seed: of the initial weights, the order of the rows and the augmentation.
        folder: gets `model.weights.h5`, `history.json`, `predictions.npz` and, last, `done.json`.
        on_epoch: called after each epoch with its number from 1, its losses and scores, and the
            `size` in px of the images that they are of.
        workers: processes that augment beside the training; 0 augments in this one.

    Returns:
        What `done.json` says: rmse in px of the mean over views, epochs, seconds,
        images_per_second, parameters, how many labels became distrusted, and, where the network
        learns them, the mirror axis offsets in px of each annotator and keypoint.

    Raises:
        UserError: no row to train on.
        DivergedError: the loss became NaN or infinite.
        StoppedError: `on_epoch` raised it.
    """
    done = folder / "done.json"
    if done.is_file():
        return json.loads(done.read_text())
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    held_out = np.flatnonzero(folds == fold)
    validation, train = faces[held_out], _training_rows(recipe, faces[folds != fold], fold)
    keras.utils.set_random_seed(_seed_of(seed, fold))
    model = build_model(recipe)
    start = time.perf_counter()
    training = _Training(model, recipe, validation, _seed_of(seed, fold), workers, on_epoch)
    training.run(train)
    seconds = time.perf_counter() - start
    oof = predict(model, validation, recipe.views)
    predicted = predict(model, test, recipe.views)
    summary = {
        "rmse": rmse(validation.keypoints, oof.mean(axis=0)),
        "epochs": recipe.epochs,
        "seconds": seconds,
        "images_per_second": len(train) * recipe.epochs / seconds,
        "parameters": model.count_params(),
        "distrusted": training.distrusted,
        "axis_offset": _axis_offset(model),
    }
    with replacing(folder / "predictions.npz") as path:
        np.savez(path, rows=held_out, oof=oof, test=predicted)
    with replacing(folder / "model.weights.h5") as path:
        # A compiled model would save its optimizer's state too, twice the size of the weights.
        keras.Model(model.inputs, model.outputs).save_weights(path)
    write_json(folder / "history.json", training.history)
    write_json(done, summary)
    return summary


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


@dataclass
class _Training:
    """A training under way: what does not change from epoch to epoch, and its history so far."""

    model: KeypointModel
    recipe: Recipe
    validation: Faces
    seed: int
    workers: int
    on_epoch: OnEpoch
    history: dict[str, list[float]] = field(default_factory=dict)
    distrusted: int = 0

    def run(self, train: Faces) -> None:
        """Train for all epochs: the first ones coarse, those after half on what is trusted."""
        recipe, epochs = self.recipe, self.recipe.epochs
        self.model.map_weight = recipe.map_weight
        optimizer = build_optimizer(recipe, epochs * max(1, len(train) // recipe.batch_size))
        coarse = round(epochs * recipe.coarse)
        half = max(1, epochs // 2) if recipe.distrust else epochs
        for start, stop in pairwise(sorted({0, coarse, half, epochs})):
            if start == half:
                train = self._trusted(train)
            if start in (0, coarse):
                # Anew for each size: the step would be traced for any size, and be slower.
                metrics = [PooledRMSE(), TrustedRMSE()]
                self.model.compile(optimizer, LOSSES[recipe.loss], metrics=metrics)
            size = _COARSE_SIZE if stop <= coarse else IMAGE_SIZE
            self._fit(train, range(start, stop), size)

    def _trusted(self, train: Faces) -> Faces:
        """Leave out labels that the network, half trained, sees far elsewhere.

        It has only begun to learn them by heart, and no held-out label plays a part.
        """
        seen = predict(self.model, train).mean(axis=0)
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
        recipe, seed = self.recipe, _seed_of(self.seed, epochs.start)
        with Batches(train, recipe.batch_size, recipe.policy, seed, self.workers, size) as batches:
            logs = self.model.fit(
                batches,
                initial_epoch=epochs.start,
                epochs=epochs.stop,
                validation_data=(held_out, self.validation.keypoints),
                validation_batch_size=_PREDICTION_BATCH,
                validation_freq=evaluated,
                callbacks=[_Watch(self.on_epoch, size)],
                verbose=0,
            ).history
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


def _training_rows(recipe: Recipe, train: Faces, fold: int) -> Faces:
    labelled = train.labelled
    rows = np.flatnonzero(labelled.all(axis=1) if recipe.complete_rows else labelled.any(axis=1))
    if not rows.size:
        kind = "row with all 15 keypoints" if recipe.complete_rows else "labelled row"
        raise UserError(f"fold {fold}: expected a {kind} to train on, found none in other folds.")
    return train[rows]


def _evaluated_epochs(epochs: int) -> list[int]:
    # One costs a fifteenth of an epoch: not after each.
    step = max(2, math.ceil(epochs / _EVALUATIONS))
    return sorted({*range(step, epochs + 1, step), epochs})


def _axis_offset(model: KeypointModel) -> list[list[float]] | None:
    """The learned offsets in px, one row of 15 for each annotator."""
    layers = [layer for layer in model.layers if isinstance(layer, AxisOffset) and layer.trainable]
    return np.asarray(layers[0].pixels()).astype(float).tolist() if layers else None


def _seed_of(seed: int, fold: int) -> int:
    return int(np.random.SeedSequence([seed, fold]).generate_state(1)[0])
