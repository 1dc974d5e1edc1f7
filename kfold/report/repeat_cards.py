"""Pictures of what repeats: photographs labelled twice or nearly the same, and groups of rows."""

from __future__ import annotations

import numpy as np

from data.faces import Faces
from kfold.report.card import Card, data_address, marks_of
from kfold.report.repeats import Repeats, same_annotator_pairs
from kfold.score import squared_errors

PAIRS, GROUPS, MEMBERS = 12, 6, 6
VERSIONS = 12
"""Photographs of which several versions are shown."""
SIZES = ((1, 1), (2, 2), (3, 5), (6, 10), (11, 50), (51, None))


def disagreements(faces: Faces, repeats: Repeats) -> list[Card]:
    """Photographs that one annotator labelled twice, those that differ most first.

    The first row's labels stand for labels, the second's for predictions.
    """
    pairs = same_annotator_pairs(faces, repeats.identical)
    apart = [squared_errors(faces.keypoints[one], faces.keypoints[two]) for one, two in pairs]
    values = np.array([np.sqrt(np.nanmean(e)) if np.isfinite(e).any() else -1 for e in apart])
    cards = []
    for i in np.argsort(-values)[:PAIRS]:
        one, two = pairs[i]
        if values[i] >= 0:
            cards.append(
                Card(
                    title=f"rows {faces.ids[one]}, {faces.ids[two]}",
                    note="",
                    image=data_address(faces.images[one]),
                    marks=marks_of(faces.keypoints[one], faces.keypoints[two]),
                    annotator=int(faces.annotator[one]),
                    error=float(values[i]),
                )
            )
    return cards


def group_examples(faces: Faces, repeats: Repeats) -> list[list[Card]]:
    """A few faces of some groups of at least three rows, drawn at random."""
    labels, counts = np.unique(repeats.groups, return_counts=True)
    random = np.random.default_rng(0)
    chosen = random.permutation(labels[counts > 2])[:GROUPS]
    examples = []
    for label in chosen:
        rows = random.permutation(np.flatnonzero(repeats.groups == label))[:MEMBERS]
        examples.append(_strip(faces, np.sort(rows)))
    return examples


def versions(faces: Faces, repeats: Repeats) -> list[list[Card]]:
    """The versions of some photographs, drawn at random, with their labels."""
    chosen = np.random.default_rng(0).permutation(len(repeats.similar))[:VERSIONS]
    return [_strip(faces, repeats.similar[i][:MEMBERS], labels=True) for i in np.sort(chosen)]


def _strip(faces: Faces, rows: np.ndarray, labels: bool = False) -> list[Card]:
    """The faces of some rows, with their labels if asked for."""
    nothing = np.full_like(faces.keypoints[0], np.nan)
    return [
        Card(
            f"row {faces.ids[row]}",
            "",
            data_address(faces.images[row]),
            marks_of(faces.keypoints[row] if labels else nothing, nothing),
            int(faces.annotator[row]),
        )
        for row in rows
    ]


def size_table(repeats: Repeats) -> list[list[str]]:
    """How many groups and rows there are of each size."""
    rows = [["rows in a group", "groups", "rows"]]
    for low, high in SIZES:
        fitting = repeats.sizes[(repeats.sizes >= low) & (repeats.sizes <= (high or np.inf))]
        name = f"{low}" if low == high else f"{low} to {high}" if high else f"{low} and more"
        if len(fitting):
            rows.append([name, f"{len(fitting):,}", f"{fitting.sum():,}"])
    return rows
