"""How much labels differ where the same image was labelled twice: nobody scores below that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.competition import ANNOTATORS
from data.faces import Faces, image_labels
from kfold.score import FARTHEST, far_labels


@dataclass(frozen=True)
class LabelNoise:
    """Scatter of the labels of one annotator.

    Attributes:
        annotator: 1 or 2.
        rows: rows whose image, pixel by pixel, this annotator labelled more than once.
        deviation: standard deviation of one coordinate about the mean of its repetitions, in px:
            the RMSE of a predictor that knows what an annotator means by each point.
    """

    annotator: int
    rows: int
    deviation: float


def label_noise(faces: Faces) -> list[LabelNoise]:
    """The noise of each annotator's labels; of those who labelled no image twice, none.

    Labels farther than `FARTHEST` px from the mean of their repetitions are errors, not noise, and
    left out.
    """
    image = image_labels(faces.images)
    found = (_noise_of(annotator, faces, image) for annotator in ANNOTATORS)
    return [noise for noise in found if noise.rows]


def _noise_of(annotator: int, faces: Faces, image: np.ndarray) -> LabelNoise:
    squares, freedom, rows = 0.0, 0, 0
    own = np.flatnonzero(faces.annotator == annotator)
    images, counts = np.unique(image[own], return_counts=True)
    for repeated in images[counts > 1]:
        labels = faces.keypoints[own[image[own] == repeated]].astype(np.float64)
        far = far_labels(labels, labels.mean(axis=0), FARTHEST).any(axis=0)
        spread = labels[:, ~far].var(axis=0, ddof=1)
        squares += float(np.nansum(spread)) * (len(labels) - 1)
        freedom += int(np.isfinite(spread).sum()) * (len(labels) - 1)
        rows += len(labels)
    return LabelNoise(annotator, rows if freedom else 0, (squares / max(freedom, 1)) ** 0.5)
