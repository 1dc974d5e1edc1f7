"""Fit one model on one fold with one seed: the unit of work of a cross-validation."""

from __future__ import annotations

import gc
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from kfold.models import backend  # isort: skip
import keras

from data.competition import IMAGE_SIZE
from data.faces import Faces
from data.system.atomic import replacing, write_json
from data.system.errors import UserError
from kfold.config.recipe import Recipe
from kfold.custom.load import load
from kfold.custom.policies import policy_of
from kfold.labels.coverage import learnable
from kfold.metrics.score import rmse
from kfold.models.keypoint_model import KeypointModel
from kfold.models.layers import AxisOffset, ChooseAnnotator
from kfold.models.registry import build_model
from kfold.runs.predictions import Predictions
from kfold.runs.task import DamagedError, TrainingSummary
from kfold.runs.training_files import HISTORY, WEIGHTS, check_files
from kfold.training.trainer import DivergedError, OnEpoch, Trainer, predict, seed_of
from kfold.training.training_data import TrainingData
from kfold.training.tta import TTA


@contextmanager
def _own_session() -> Iterator[None]:
    """Clear Keras's global state before and after a training.

    Keras numbers layers by how many it has built before, and the last digits of a training depend
    on the order of the layers' names.
    """
    keras.backend.clear_session()
    try:
        yield
    finally:
        keras.backend.clear_session()
        backend.release_traces()
        gc.collect()


@_own_session()
def fit_fold(
    recipe: Recipe,
    data: TrainingData,
    fold: int,
    seed: int,
    folder: Path,
    on_epoch: OnEpoch = lambda epoch, logs: None,
    workers: int = 0,
) -> TrainingSummary:
    """Train on the other folds, predict this one and the test set, and write both to `folder`.

    The same arguments give the same files. A folder with a finished training is left as it is;
    files of an interrupted or damaged one are replaced.

    Args:
        recipe: what to train, and how.
        data: faces, folds and labels.
        fold: the fold to hold out.
        seed: of the initial weights, the order of the rows and the augmentation.
        folder: receives `model.weights.h5`, `history.json`, `predictions.npz` and, last,
            `done.json`.
        on_epoch: called after each epoch, see `Trainer`.
        workers: processes that augment in parallel to the training; 0 augments in this process.

    Raises:
        UserError: there is no row to train on.
        DivergedError: the loss or a prediction became NaN or infinite.
        StoppedError: raised by `on_epoch`.
    """
    held_out = np.flatnonzero(data.folds == fold)
    with suppress(DamagedError):
        if finished := TrainingSummary.read(folder):
            check_files(folder, recipe, held_out, len(data.test))
            return finished
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    validation, train = data.train[held_out], _training_faces(recipe, data, fold)
    if recipe.code:
        load(recipe.code)  # seeds, too
    keras.utils.set_random_seed(seed_of(seed, fold))
    model = build_model(recipe)
    start = time.perf_counter()
    trainer = Trainer(model, recipe, validation, seed_of(seed, fold), workers, on_epoch)
    trainer.run(train)
    seconds = time.perf_counter() - start
    learned = learnable(train, mirrored=policy_of(recipe).flip > 0)
    _replace_untrained(model, learned)
    predictions = _predict_both(model, recipe, data, held_out, learned[0] | learned[1])
    summary = TrainingSummary(
        rmse=rmse(validation.keypoints, predictions.oof.mean(axis=0)),
        epochs=recipe.epochs,
        seconds=seconds,
        images_per_second=len(train) * recipe.epochs / seconds,
        waiting=trainer.waiting_seconds / seconds,
        parameters=model.count_params(),
        axis_offset=_axis_offset(model),
        code=data.code,
    )
    predictions.write(folder)
    with replacing(folder / WEIGHTS) as path:
        _save_weights(model, path)
    write_json(folder / HISTORY, trainer.history)
    summary.write(folder)
    return summary


def _training_faces(recipe: Recipe, data: TrainingData, fold: int) -> Faces:
    """The labelled faces of the other folds."""
    faces = data.labelled
    labelled = faces.labelled
    wanted = labelled.all(axis=1) if recipe.complete_rows_only else labelled.any(axis=1)
    rows = np.flatnonzero(wanted & (data.folds != fold))
    if not rows.size:
        kind = "row with all 15 keypoints" if recipe.complete_rows_only else "labelled row"
        raise UserError(f"fold {fold}: expected a {kind} to train on, found none in other folds.")
    return faces[rows]


def _replace_untrained(model: KeypointModel, learned: np.ndarray) -> None:
    """Use the other annotator's maps and offsets for those that had no labels, bool (2, 15)."""
    for layer in model.layers:
        if isinstance(layer, ChooseAnnotator | AxisOffset):
            layer.replace_untrained(learned)


def _predict_both(
    model: KeypointModel,
    recipe: Recipe,
    data: TrainingData,
    held_out: np.ndarray,
    learned: np.ndarray,
) -> Predictions:
    """Predict the held-out rows and the test set.

    A keypoint that is not `learned`, bool (15,), of either annotator is put in the image's centre:
    networks without heads for each annotator have an untrained output there.
    """
    oof = predict(model, data.train[held_out], TTA[recipe.tta])
    test = predict(model, data.test, TTA[recipe.tta])
    if not (np.isfinite(oof).all() and np.isfinite(test).all()):
        raise DivergedError("predictions are not finite, though the loss was.")
    oof[:, :, ~learned] = test[:, :, ~learned] = (IMAGE_SIZE - 1) / 2
    return Predictions(held_out, oof, test)


def _save_weights(model: KeypointModel, path: Path) -> None:
    """Write the weights as HDF5.

    Raises:
        OSError: they do not fit on the disk.
    """
    # HDF5 may crash on a full disk instead of raising, so write slightly more plain bytes first.
    path.write_bytes(bytes(5 * model.count_params() + (1 << 18)))
    # A compiled model would also save the optimizer's state, twice the size of the weights.
    keras.Model(model.inputs, model.outputs).save_weights(path)


def _axis_offset(model: KeypointModel) -> list[list[float]] | None:
    """The learned offsets in pixels, (2 annotators, 15); None if the network learns none."""
    layers = [layer for layer in model.layers if isinstance(layer, AxisOffset) and layer.trainable]
    return np.asarray(layers[0].pixels()).astype(float).tolist() if layers else None
