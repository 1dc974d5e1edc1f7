"""Predictions of one training, as they are stored in its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.system.atomic import replacing

_FILE = "predictions.npz"


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
        with replacing(folder / _FILE) as path:
            np.savez(path, rows=self.rows, oof=self.oof, test=self.test)

    @classmethod
    def read(cls, folder: Path) -> Predictions:
        """Read the predictions of a finished training."""
        with np.load(folder / _FILE) as stored:
            return cls(**stored)
