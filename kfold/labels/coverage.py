"""Which annotator's keypoints have labels to learn from, and what the test set asks for beyond."""

from __future__ import annotations

import numpy as np

from data.competition import ANNOTATORS, KEYPOINTS, MIRROR
from data.faces import Faces
from data.reader import Competition

MIN_SHARE = 0.02
"""An annotator's keypoint with fewer labels than this share of the other annotator's counts as
unlabelled: what a network learns from so few is worse than what the other annotator meant."""


def labels_by_annotator(faces: Faces) -> np.ndarray:
    """Number of labels of each annotator and keypoint, int (2, 15)."""
    return np.stack([faces.labelled[faces.annotator == a].sum(axis=0) for a in ANNOTATORS])


def learnable(faces: Faces, mirrored: bool) -> np.ndarray:
    """Which annotator's keypoints have enough labels to learn from, bool (2, 15).

    Args:
        faces: training faces.
        mirrored: whether faces are also shown mirrored, where a left keypoint is a right one.
    """
    counts = labels_by_annotator(faces)
    if mirrored:
        counts = counts + counts[:, MIRROR]
    return counts > MIN_SHARE * counts[::-1]


def unlabelled_values(data: Competition) -> str:
    """A sentence on the values of the test set that no training label stands for; '' if none.

    Nothing scores how well they are predicted: as the other annotator places the keypoint, or, if
    neither labelled it, by the centre of the image.
    """
    missing = ~learnable(data.train, mirrored=False)
    rows, points = data.lookup.rows, data.lookup.coordinates // 2
    annotator = data.test.annotator[rows] - ANNOTATORS[0]
    asked = missing[annotator, points]
    if not asked.any():
        return ""
    pairs = np.unique(np.stack([annotator[asked], points[asked]]), axis=1).T.tolist()
    names = [f"{KEYPOINTS[k]} of annotator {ANNOTATORS[a]}" for a, k in pairs]
    return (
        f"Warning: {asked.mean():.1%} of the values that the test set asks for have no training "
        f"labels, or hardly any: {', '.join(names)}. No score here covers them; they are predicted "
        "as the other annotator would place them, or in the middle of the image. Were incomplete "
        "rows removed from training.csv, or missing labels filled in?"
    )
