"""What one training predicts, as it is kept in its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.atomic import replacing

_FILE = "predictions.npz"


@dataclass(frozen=True)
class Predictions:
    """Keypoints in pixels, by each of a recipe's V views.

    Attributes:
        rows: int (n,), indices of the training rows that were held out.
        oof: float32 (V, n, 15, 2), of these rows.
        test: float32 (V, M, 15, 2), of the test set.
    """

    rows: np.ndarray
    oof: np.ndarray
    test: np.ndarray

    def write(self, folder: Path) -> None:
        """Keep them in a training's folder."""
        with replacing(folder / _FILE) as path:
            np.savez(path, rows=self.rows, oof=self.oof, test=self.test)

    @classmethod
    def read(cls, folder: Path) -> Predictions:
        """Those of a finished training."""
        with np.load(folder / _FILE) as stored:
            return cls(**stored)
