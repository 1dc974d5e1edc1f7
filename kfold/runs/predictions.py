"""Predictions of one training, as they are stored in its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.lib import format as npy

from data.competition import KEYPOINTS
from data.system.atomic import replacing
from kfold.runs.task import DamagedError, unreadable

PREDICTIONS = "predictions.npz"

_UNREADABLE = (BadZipFile, EOFError, KeyError, TypeError, ValueError)
"""What zipfile and numpy raise for a cut or changed file, or one without an array."""


@dataclass(frozen=True)
class Predictions:
    """Keypoints in pixels, one set for each of a recipe's V test-time views.

    Attributes:
        rows: int (n,), indices of the held-out training rows.
        oof: float32 (V, n, 15, 2), out-of-fold predictions of these rows.
        test: float32 (V, M, 15, 2), predictions of the test set.
    """

    rows: np.ndarray
    oof: np.ndarray
    test: np.ndarray

    def write(self, folder: Path) -> None:
        """Write predictions.npz into a training's folder."""
        with replacing(folder / PREDICTIONS) as path:
            np.savez(path, rows=self.rows, oof=self.oof, test=self.test)

    @classmethod
    def read(cls, folder: Path) -> Predictions:
        """Read the predictions of a finished training.

        Raises:
            DamagedError: the file cannot be read.
        """
        return cls(*read_arrays(folder / PREDICTIONS, "rows", "oof", "test"))


def read_out_of_fold(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read `rows` and `oof` of the predictions of a finished training, in half of the time.

    Raises:
        DamagedError: the file cannot be read.
    """
    rows, oof = read_arrays(folder / PREDICTIONS, "rows", "oof")
    return rows, oof


def read_arrays(path: Path, *names: str) -> list[np.ndarray]:
    """Read arrays of an .npz file.

    Raises:
        DamagedError: the file is missing, cannot be read, or lacks an array.
    """
    try:
        with path.open("rb") as file, np.load(file) as stored:  # closed if numpy cannot read it
            return [stored[name] for name in names]
    except FileNotFoundError:
        raise DamagedError(path, "is missing") from None
    except _UNREADABLE as error:
        raise unreadable(path, error) from None


def check_predictions(
    folder: Path, held_out: np.ndarray, views: int, test_faces: int | None
) -> None:
    """Check which faces a training predicted, without reading the predictions themselves.

    Args:
        folder: of the training.
        held_out: int (n,), indices of the training rows that it should hold out.
        views: number of its test-time views, V.
        test_faces: number of faces in the test set, M; None if it is not known.

    Raises:
        DamagedError: the file is missing or cut, or holds predictions of other faces.
    """
    path = folder / PREDICTIONS
    try:
        with ZipFile(path) as archive:
            oof, test = _shape(archive, "oof"), _shape(archive, "test")
            with archive.open("rows.npy") as stored:
                rows = npy.read_array(stored, allow_pickle=False)
    except FileNotFoundError:
        raise DamagedError(path, "is missing") from None
    except _UNREADABLE as error:
        raise unreadable(path, error) from None
    if not np.array_equal(rows, held_out):
        raise DamagedError(
            path, f"is of other rows ({len(rows)}) than the {len(held_out)} held out"
        )
    tested = test[1] if test_faces is None and len(test) > 1 else test_faces
    expected = [(views, faces, len(KEYPOINTS), 2) for faces in (len(held_out), tested)]
    if [oof, test] != expected:
        raise DamagedError(path, f"holds arrays of shapes {oof}, {test}, not {str(expected)[1:-1]}")


def _shape(archive: ZipFile, name: str) -> tuple[int, ...]:
    """Shape of a stored array, from its header."""
    with archive.open(f"{name}.npy") as stored:
        npy.read_magic(stored)
        return npy.read_array_header_1_0(stored)[0]
