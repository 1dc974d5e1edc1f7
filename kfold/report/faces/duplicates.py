"""Pictures of duplicates: images labelled twice, similar photographs, groups of rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.faces import Faces
from kfold.labels.duplicates import Duplicates, same_annotator_pairs
from kfold.metrics.score import squared_errors
from kfold.report.faces.face_card import FaceCard, data_url, keypoint_marks

PAIRS, PHOTOGRAPHS, GROUPS, MEMBERS = 12, 12, 6, 6
"""Largest numbers shown: of each kind of duplicates, and of faces in a strip."""

SIZES = ((1, 1), (2, 2), (3, 5), (6, 10), (11, 50), (51, None))
"""Group sizes that share a row of the size table."""


def disagreements(faces: Faces, duplicates: Duplicates) -> list[FaceCard]:
    """Images that one annotator labelled twice, largest difference first.

    The second row's labels are drawn as predictions.
    """
    pairs = same_annotator_pairs(faces, duplicates.identical)
    apart = [squared_errors(faces.keypoints[one], faces.keypoints[two]) for one, two in pairs]
    values = np.array([np.sqrt(np.nanmean(e)) if np.isfinite(e).any() else -1 for e in apart])
    cards = []
    for i in np.argsort(-values)[:PAIRS]:
        one, two = pairs[i]
        if values[i] >= 0:
            cards.append(
                FaceCard(
                    title=f"rows {faces.ids[one]}, {faces.ids[two]}",
                    note="",
                    image=data_url(faces.images[one]),
                    marks=keypoint_marks(faces.keypoints[one], faces.keypoints[two]),
                    annotator=int(faces.annotator[one]),
                    error=float(values[i]),
                    row=int(faces.ids[one]),
                )
            )
    return cards


def group_examples(faces: Faces, duplicates: Duplicates) -> list[list[FaceCard]]:
    """Faces of some groups of three or more rows, chosen at random."""
    labels, counts = np.unique(duplicates.groups, return_counts=True)
    random = np.random.default_rng(0)
    chosen = random.permutation(labels[counts > 2])[:GROUPS]
    examples = []
    for label in chosen:
        rows = random.permutation(np.flatnonzero(duplicates.groups == label))[:MEMBERS]
        examples.append(_strip(faces, np.sort(rows)))
    return examples


def versions(faces: Faces, duplicates: Duplicates) -> list[list[FaceCard]]:
    """Versions of some photographs, chosen at random, with their labels."""
    chosen = np.random.default_rng(0).permutation(len(duplicates.similar))[:PHOTOGRAPHS]
    return [_strip(faces, duplicates.similar[i][:MEMBERS], labels=True) for i in np.sort(chosen)]


def _strip(faces: Faces, rows: np.ndarray, labels: bool = False) -> list[FaceCard]:
    nothing = np.full_like(faces.keypoints[0], np.nan)
    return [
        FaceCard(
            f"row {faces.ids[row]}",
            "",
            data_url(faces.images[row]),
            keypoint_marks(faces.keypoints[row] if labels else nothing, nothing),
            int(faces.annotator[row]),
            row=int(faces.ids[row]),
        )
        for row in rows
    ]


def size_table(duplicates: Duplicates) -> pd.DataFrame:
    """Numbers of groups and rows by group size."""
    rows = []
    for low, high in SIZES:
        sizes = duplicates.sizes
        of_size = sizes[(sizes >= low) & (sizes <= (high or np.inf))]
        name = f"{low}" if low == high else f"{low} to {high}" if high else f"{low} and more"
        if len(of_size):
            rows.append((name, f"{len(of_size):,}", f"{of_size.sum():,}"))
    return pd.DataFrame(rows, columns=["rows in a group", "groups", "rows"])
