"""Photographs and persons that appear more than once, and how far their labels differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from data.faces import Faces, image_labels
from kfold.groups import photo_groups
from kfold.noise import LabelNoise, label_noise
from kfold.run import Run, read_groups


@dataclass(frozen=True)
class Repeats:
    """What repeats among N training rows.

    Attributes:
        identical: rows, int64, of each image that appears more than once.
        similar: rows of each photograph that appears in more than one version: moved, recoded or
            cropped anew; the first row of each version.
        groups: int64 (N,), the person or photograph that a row was dealt into folds with.
        noise: of the labels, told from photographs that an annotator labelled more than once.
    """

    identical: Sequence[np.ndarray]
    similar: Sequence[np.ndarray]
    groups: np.ndarray
    noise: Sequence[LabelNoise]

    @property
    def copies(self) -> int:
        """Rows whose image repeats an earlier one."""
        return sum(len(rows) - 1 for rows in self.identical)

    @property
    def versions(self) -> int:
        """Further images that nearly repeat an earlier one."""
        return sum(len(rows) - 1 for rows in self.similar)

    @property
    def sizes(self) -> np.ndarray:
        """Rows in each group, largest first."""
        return np.sort(np.unique(self.groups, return_counts=True)[1])[::-1]


def find_repeats(faces: Faces, run: Run) -> Repeats:
    """Find what repeats among the training faces; groups are those of the run's folds."""
    image, groups = image_labels(faces.images), read_groups(run)
    _, first = np.unique(image, return_index=True)
    photo = photo_groups(faces.images[first], groups[first]).labels
    similar = [first[rows] for rows in _repeated(photo)]
    return Repeats(_repeated(image), similar, groups, label_noise(faces))


def _repeated(labels: np.ndarray) -> list[np.ndarray]:
    """Rows of each label that appears more than once."""
    order = np.argsort(labels, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    return [rows for rows in parts if len(rows) > 1]


def same_annotator_pairs(faces: Faces, identical: Sequence[np.ndarray]) -> list[tuple[int, int]]:
    """Pairs of rows that one annotator labelled on one photograph."""
    return [
        (int(one), int(other))
        for rows in identical
        for one, other in combinations(rows, 2)
        if faces.annotator[one] == faces.annotator[other]
    ]
