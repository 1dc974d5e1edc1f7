"""Predictions that were made elsewhere, as they are stored in a run: joined/<name>-<checksum>.npz.

The run's config.json names each file's checksum. A file is written before config.json names it, and
removed after config.json names another, so that a run has the old predictions or the new ones.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from data.system.atomic import replacing
from kfold.runs.predictions import read_arrays
from kfold.runs.task import DamagedError

JOINED = "joined"
"""The folder in a run, and the kind of a line."""

_DIGITS = 12


@dataclass(frozen=True)
class Joined:
    """Keypoints in pixels of all N training rows and all M test faces.

    Attributes:
        oof: float32 (N, 15, 2), each row predicted by a model that was trained without its fold.
        test: float32 (M, 15, 2).
        folds: int64 (N,), the folds of the run when it was joined.
    """

    oof: np.ndarray
    test: np.ndarray
    folds: np.ndarray

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of the arrays, in hex."""
        digest = hashlib.sha256()
        for array in (self.oof, self.test, self.folds):
            digest.update(f"{array.dtype.str} {array.shape}\n".encode() + array.tobytes())
        return digest.hexdigest()

    def write(self, folder: Path, name: str) -> None:
        """Write the file into a run's folder."""
        with replacing(joined_file(folder, name, self.checksum)) as path:
            np.savez(path, oof=self.oof, test=self.test, folds=self.folds)

    @classmethod
    def read(cls, folder: Path, name: str, checksum: str, folds: np.ndarray) -> Joined:
        """Read the predictions that a run's configuration names.

        Args:
            folder: of the run.
            name: of the predictions.
            checksum: of their arrays, in hex.
            folds: int64 (N,), the run's folds.

        Raises:
            DamagedError: the file is missing, cannot be read, holds something else, or is of other
                folds.
        """
        path = joined_file(folder, name, checksum)
        joined = cls(*read_arrays(path, "oof", "test", "folds"))
        if joined.checksum != checksum:
            raise DamagedError(path, "holds other predictions than were joined")
        if not np.array_equal(joined.folds, folds):
            raise DamagedError(path, "is of other folds")
        return joined


def joined_file(folder: Path, name: str, checksum: str) -> Path:
    """The file of joined predictions in a run's folder."""
    return folder / JOINED / f"{name}-{checksum[:_DIGITS]}.npz"


def joined_files(folder: Path) -> set[Path]:
    """Files of joined predictions in a run's folder, also those that a killed command left."""
    return set((folder / JOINED).glob(f"*-{'[0-9a-f]' * _DIGITS}.npz"))
