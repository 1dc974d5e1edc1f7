"""The data that all trainings of a run share."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from data.faces import Faces
from kfold.runs.code_version import UNKNOWN
from kfold.runs.open_run import OpenRun


@dataclass(frozen=True)
class TrainingData:
    """Faces, folds and the labels to train on.

    Attributes:
        train: all N training faces; held-out rows are scored on their labels.
        test: the M faces of the test set.
        folds: int (N,), the fold that each row is held out in.
        corrected: float32 (N, 15, 2) in pixels, labels to train on instead of those of `train`.
        code: version of the code that trains, see `kfold.runs.code_version`.
    """

    train: Faces
    test: Faces
    folds: np.ndarray
    corrected: np.ndarray | None = None
    code: str = UNKNOWN

    @property
    def labelled(self) -> Faces:
        """The training faces with the labels to train on."""
        if self.corrected is None:
            return self.train
        return replace(self.train, keypoints=self.corrected)


def training_data(opened: OpenRun) -> TrainingData:
    """The training data of a run.

    Raises:
        UserError: the run's corrections do not fit its data.
    """
    data, corrected = opened.data, opened.corrected_keypoints()
    return TrainingData(data.train, data.test, opened.folds, corrected, opened.run.code)
