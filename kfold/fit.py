"""Fit one model on one fold with one seed: the unit of work of a cross-validation."""

from __future__ import annotations

import gc
import json
import math
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from kfold import backend  # noqa: F401  isort: skip
import keras

from augment.batches import Batches, network_inputs
from data.atomic import replacing, write_json
from data.competition import IMAGE_SIZE
from data.errors import UserError
from data.faces import Faces, mirror_keypoints
from kfold.keypoint_model import KeypointModel
from kfold.losses import LOSSES, PooledRMSE
from kfold.networks import build_model
from kfold.optimizer import build_optimizer
from kfold.recipe import Recipe
from kfold.score import rmse

OnEpoch = Callable[[int, dict[str, float]], None]

_PREDICTION_BATCH = 256
_EVALUATIONS = 20  # validation scores in a history, at most: they cost as much as a tenth epoch


class DivergedError(UserError):
    """The loss is no longer a number."""


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
        on_epoch: called after each epoch with its number from 1 and its losses and scores.
        workers: processes that augment; 0 to do it in between. It changes no result.

    Returns:
        What `done.json` says: rmse in px, epochs, seconds, images_per_second, parameters.

    Raises:
        UserError: no row to train on.
        DivergedError: the loss became NaN or infinite.
    """
    done = folder / "done.json"
    if done.is_file():
        return json.loads(done.read_text())
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    held_out = np.flatnonzero(folds == fold)
    validation, train = faces[held_out], _training_rows(recipe, faces[folds != fold], fold)
    keras.utils.set_random_seed(_seed_of(seed, fold))
    model = build_model(recipe.network)
    history, seconds = _train(
        model, recipe, train, validation, _seed_of(seed, fold), on_epoch, workers
    )
    oof = predict(model, validation, recipe.mirrored_view)
    predicted = predict(model, test, recipe.mirrored_view)
    summary = {
        "rmse": rmse(validation.keypoints, oof),
        "epochs": recipe.epochs,
        "seconds": seconds,
        "images_per_second": len(train) * recipe.epochs / seconds,
        "parameters": model.count_params(),
    }
    with replacing(folder / "predictions.npz") as path:
        np.savez(path, rows=held_out, oof=oof, test=predicted)
    with replacing(folder / "model.weights.h5") as path:
        # A compiled model would save its optimizer's state too, twice the size of the weights.
        keras.Model(model.inputs, model.outputs).save_weights(path)
    write_json(folder / "history.json", history)
    write_json(done, summary)
    keras.backend.clear_session()
    gc.collect()
    return summary


def predict(model: KeypointModel, faces: Faces, mirrored_view: bool = False) -> np.ndarray:
    """Keypoints float32 (N, 15, 2) in pixels, clipped to the image.

    With `mirrored_view`, the mean of what is seen in each image and in its mirror image.
    """
    keypoints = _predict(model, faces.images, faces.annotator, mirrored=False)
    if mirrored_view:
        other = _predict(model, faces.images[:, :, ::-1], faces.annotator, mirrored=True)
        keypoints = (keypoints + mirror_keypoints(other)) / 2
    return np.clip(keypoints, 0, IMAGE_SIZE)


def _predict(
    model: KeypointModel, images: np.ndarray, annotator: np.ndarray, mirrored: bool
) -> np.ndarray:
    inputs = network_inputs(images, annotator, np.full(len(images), mirrored))
    outputs = model.predict(inputs, batch_size=_PREDICTION_BATCH, verbose=0)
    return outputs["keypoints"].astype(np.float32)


def _train(
    model: KeypointModel,
    recipe: Recipe,
    train: Faces,
    validation: Faces,
    seed: int,
    on_epoch: OnEpoch,
    workers: int,
) -> tuple[dict[str, list[float]], float]:
    upright = np.zeros(len(validation), bool)
    held_out_inputs = network_inputs(validation.images, validation.annotator, upright)
    start = time.perf_counter()
    with Batches(train, recipe.batch_size, recipe.policy, seed, workers) as batches:
        model.map_weight = recipe.map_weight
        model.compile(
            optimizer=build_optimizer(recipe, recipe.epochs * len(batches)),
            loss=LOSSES[recipe.loss],
            metrics=[PooledRMSE()],
        )
        history = model.fit(
            batches,
            epochs=recipe.epochs,
            validation_data=(held_out_inputs, validation.keypoints),
            validation_batch_size=_PREDICTION_BATCH,
            validation_freq=_evaluated_epochs(recipe.epochs),
            callbacks=[_Watch(on_epoch)],
            verbose=0,
        )
    seconds = time.perf_counter() - start
    scores = {name: [float(v) for v in values] for name, values in history.history.items()}
    scores["val_epoch"] = [float(epoch) for epoch in _evaluated_epochs(recipe.epochs)]
    return scores, seconds


class _Watch(keras.callbacks.Callback):
    """Tells the caller about each epoch and stops a training that has lost its way."""

    def __init__(self, on_epoch: OnEpoch) -> None:
        super().__init__()
        self._on_epoch = on_epoch

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        logs = logs or {}
        if not math.isfinite(logs["loss"]):
            raise DivergedError(
                f"the loss became {logs['loss']} in epoch {epoch + 1}: "
                "lower the recipe's learning_rate."
            )
        self._on_epoch(epoch + 1, logs)


def _training_rows(recipe: Recipe, train: Faces, fold: int) -> Faces:
    labelled = train.labelled
    rows = np.flatnonzero(labelled.all(axis=1) if recipe.complete_rows else labelled.any(axis=1))
    if not rows.size:
        kind = "row with all 15 keypoints" if recipe.complete_rows else "labelled row"
        raise UserError(f"fold {fold}: expected a {kind} to train on, found none in other folds.")
    return train[rows]


def _evaluated_epochs(epochs: int) -> list[int]:
    step = math.ceil(epochs / _EVALUATIONS)
    return sorted({*range(step, epochs + 1, step), epochs})


def _seed_of(seed: int, fold: int) -> int:
    return int(np.random.SeedSequence([seed, fold]).generate_state(1)[0])
