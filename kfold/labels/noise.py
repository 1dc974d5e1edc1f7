"""Scatter of the labels where one annotator labelled the same image more than once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.competition import ANNOTATORS
from data.faces import Faces, group_identical_images
from kfold.metrics.outliers import distances
from kfold.metrics.score import CAP


@dataclass(frozen=True)
class LabelNoise:
    """Scatter of one annotator's labels.

    It is no lower bound of a model's RMSE: duplicates need not be labelled as other images are.

    Attributes:
        annotator: 1 or 2.
        rows: number of rows whose image, pixel by pixel, this annotator labelled more than once.
        deviation: standard deviation of a coordinate about the mean of its repeated labels, in
            pixels.
    """

    annotator: int
    rows: int
    deviation: float


def label_noise(faces: Faces) -> list[LabelNoise]:
    """The scatter of each annotator's labels; nothing for one who labelled no image twice.

    Labels farther than `CAP` px from the mean of their repetitions count as errors and are
    left out.
    """
    image = group_identical_images(faces.images)
    found = (_noise_of(annotator, faces, image) for annotator in ANNOTATORS)
    return [noise for noise in found if noise.rows]


def _noise_of(annotator: int, faces: Faces, image: np.ndarray) -> LabelNoise:
    squares, freedom, rows = 0.0, 0, 0
    own = np.flatnonzero(faces.annotator == annotator)
    images, counts = np.unique(image[own], return_counts=True)
    for repeated in images[counts > 1]:
        labels = faces.keypoints[own[image[own] == repeated]].astype(np.float64)
        far = (distances(labels, labels.mean(axis=0)) > CAP).any(axis=0)
        variance = labels[:, ~far].var(axis=0, ddof=1)
        squares += float(np.nansum(variance)) * (len(labels) - 1)
        freedom += int(np.isfinite(variance).sum()) * (len(labels) - 1)
        rows += len(labels)
    return LabelNoise(annotator, rows if freedom else 0, (squares / max(freedom, 1)) ** 0.5)
