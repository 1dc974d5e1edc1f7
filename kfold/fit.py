"""Fit one model on one fold with one seed: the unit of work of a cross-validation."""

from __future__ import annotations

import gc
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from kfold import backend  # noqa: F401  isort: skip
import keras

from data.atomic import replacing, write_json
from data.errors import UserError
from data.faces import Faces
from kfold.keypoint_model import KeypointModel
from kfold.layers import AxisOffset
from kfold.networks import build_model
from kfold.predictions import Predictions
from kfold.recipe import Recipe
from kfold.score import rmse
from kfold.training import DivergedError, OnEpoch, Training, predict, seed_of


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
    corrected: np.ndarray | None = None,
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
        corrected: float32 (N, 15, 2) in pixels, labels to train on in place of the faces' own, by
            which what is held out is scored all the same.

    Returns:
        What `done.json` says: rmse in px of the mean over views, epochs, seconds,
        images_per_second, the share of the seconds that went to `waiting` for batches or making
        them, parameters, how many labels became distrusted, and, where the network learns them,
        the mirror axis offsets in px of each annotator and keypoint.

    Raises:
        UserError: no row to train on.
        DivergedError: the loss or a prediction became NaN or infinite.
        StoppedError: `on_epoch` raised it.
    """
    done = folder / "done.json"
    if done.is_file():
        return json.loads(done.read_text())
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    held_out = np.flatnonzero(folds == fold)
    labelled = faces if corrected is None else replace(faces, keypoints=corrected)
    validation, train = faces[held_out], _training_faces(recipe, labelled, folds, fold)
    keras.utils.set_random_seed(seed_of(seed, fold))
    model = build_model(recipe)
    start = time.perf_counter()
    training = Training(model, recipe, validation, seed_of(seed, fold), workers, on_epoch)
    training.run(train)
    seconds = time.perf_counter() - start
    oof = predict(model, validation, recipe.views)
    predicted = predict(model, test, recipe.views)
    if not (np.isfinite(oof).all() and np.isfinite(predicted).all()):
        raise DivergedError("it predicts what is no number, though its loss was one.")
    summary = {
        "rmse": rmse(validation.keypoints, oof.mean(axis=0)),
        "epochs": recipe.epochs,
        "seconds": seconds,
        "images_per_second": len(train) * recipe.epochs / seconds,
        "waiting": training.waited / seconds,
        "parameters": model.count_params(),
        "distrusted": training.distrusted,
        "axis_offset": _axis_offset(model),
    }
    Predictions(held_out, oof, predicted).write(folder)
    with replacing(folder / "model.weights.h5") as path:
        _save_weights(model, path)
    write_json(folder / "history.json", training.history)
    write_json(done, summary)
    return summary


def _training_faces(recipe: Recipe, faces: Faces, folds: np.ndarray, fold: int) -> Faces:
    labelled = faces.labelled
    wanted = labelled.all(axis=1) if recipe.complete_rows else labelled.any(axis=1)
    rows = np.flatnonzero(wanted & (folds != fold))
    if not rows.size:
        kind = "row with all 15 keypoints" if recipe.complete_rows else "labelled row"
        raise UserError(f"fold {fold}: expected a {kind} to train on, found none in other folds.")
    return faces[rows]


def _save_weights(model: KeypointModel, path: Path) -> None:
    """Write the weights as HDF5.

    Raises:
        OSError: they do not fit on the disk.
    """
    # HDF5 has no such error, and may crash: plain bytes, somewhat more, find out in time.
    path.write_bytes(bytes(5 * model.count_params() + (1 << 18)))
    # A compiled model would save its optimizer's state too, twice the size of the weights.
    keras.Model(model.inputs, model.outputs).save_weights(path)


def _axis_offset(model: KeypointModel) -> list[list[float]] | None:
    """The learned offsets in px, one row of 15 for each annotator."""
    layers = [layer for layer in model.layers if isinstance(layer, AxisOffset) and layer.trainable]
    return np.asarray(layers[0].pixels()).astype(float).tolist() if layers else None
