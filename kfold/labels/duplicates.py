"""Images and persons that appear more than once among the training faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from data.faces import Faces, group_identical_images
from kfold.folds.photo_groups import photo_groups
from kfold.labels.noise import LabelNoise, label_noise


@dataclass(frozen=True)
class Duplicates:
    """Duplicates among N training rows.

    Attributes:
        identical: for each image that appears more than once, its rows, int64.
        similar: for each photograph that appears in several versions (shifted, recompressed or
            cropped differently), the first row of each version, int64.
        groups: int64 (N,), equal for rows that share a fold.
        noise: scatter of each annotator's labels on identical images.
    """

    identical: Sequence[np.ndarray]
    similar: Sequence[np.ndarray]
    groups: np.ndarray
    noise: Sequence[LabelNoise]

    @property
    def copies(self) -> int:
        """Number of rows whose image is identical to an earlier row's."""
        return sum(len(rows) - 1 for rows in self.identical)

    @property
    def versions(self) -> int:
        """Number of images that are similar to an earlier one, identical ones not counted."""
        return sum(len(rows) - 1 for rows in self.similar)

    @property
    def sizes(self) -> np.ndarray:
        """Number of rows in each group, largest first."""
        return np.sort(np.unique(self.groups, return_counts=True)[1])[::-1]


def find_duplicates(faces: Faces, groups: np.ndarray) -> Duplicates:
    """Find duplicates among N training faces.

    Args:
        faces: all training faces of a run.
        groups: int64 (N,), those of the run's folds.
    """
    image = group_identical_images(faces.images)
    _, first = np.unique(image, return_index=True)
    photo = photo_groups(faces.images[first], groups[first]).labels
    similar = [first[rows] for rows in _rows_by_label(photo)]
    return Duplicates(_rows_by_label(image), similar, groups, label_noise(faces))


def same_annotator_pairs(faces: Faces, identical: Sequence[np.ndarray]) -> list[tuple[int, int]]:
    """Pairs of rows in which one annotator labelled the same image."""
    return [
        (int(one), int(other))
        for rows in identical
        for one, other in combinations(rows, 2)
        if faces.annotator[one] == faces.annotator[other]
    ]


def _rows_by_label(labels: np.ndarray) -> list[np.ndarray]:
    """Rows of each label that appears more than once."""
    order = np.argsort(labels, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    return [rows for rows in parts if len(rows) > 1]
