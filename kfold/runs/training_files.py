"""The files of a finished training, and whether they can all be read."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from data.system.atomic import replacing
from data.system.errors import UserError
from kfold.config.recipe import VIEWS, Recipe
from kfold.config.validation import read_json
from kfold.runs.predictions import check_predictions
from kfold.runs.task import DONE, DamagedError, unreadable

HISTORY = "history.json"
WEIGHTS = "model.weights.h5"
"""Files of a training beside its predictions and its summary."""


def check_files(folder: Path, recipe: Recipe, held_out: np.ndarray, test_faces: int | None) -> None:
    """Check the files beside a training's done.json.

    Takes 1 to 2 ms: of weights and predictions, only headers are read. Weights may be missing:
    scores need only the predictions.

    Args:
        folder: of the training.
        recipe: of its model.
        held_out: int (n,), indices of the training rows that it should hold out.
        test_faces: number of faces in the test set; None if it is not known.

    Raises:
        DamagedError: a file is missing, cut, or belongs to another training.
    """
    check_predictions(folder, held_out, VIEWS[recipe.tta], test_faces)
    _check_history(folder / HISTORY)
    _check_weights(folder / WEIGHTS)


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    """Replace the content of a folder with the files of a training; `done.json` comes last."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in sorted(files, key=lambda name: name == DONE):
        with replacing(folder / name) as path:
            path.write_bytes(files[name])


def trained_weights(folder: Path) -> Path:
    """The file of a training's weights, which may have been deleted to save space.

    Raises:
        UserError: it is not there.
    """
    path = folder / WEIGHTS
    if not path.is_file():
        model = folder.parent.parent.name
        raise UserError(
            f"{path}: expected weights, found none. Reports and submissions need none; to predict "
            f"other faces, train again with MODELS={model} FORCE=1."
        )
    return path


def _check_history(path: Path) -> None:
    if not path.is_file():
        raise DamagedError(path, "is missing")
    try:
        read_json(path)
    except UserError as error:
        raise unreadable(path, error) from None


def _check_weights(path: Path) -> None:
    """HDF5 stores its size in its first bytes, so that a cut file is noticed when it is opened."""
    import h5py

    if not path.is_file():
        return
    try:
        h5py.File(path, "r", locking=False).close()
    except OSError as error:
        if error.errno is not None:  # the system's: another user's file, a broken disk
            raise
        raise unreadable(path, error) from None
