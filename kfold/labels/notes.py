"""What a user should know of the data before believing a score."""

from __future__ import annotations

from data.reader import Competition
from kfold.labels.coverage import unlabelled_values
from kfold.labels.filled import find_filled


def data_notes(data: Competition) -> list[str]:
    """Warnings about the labels, a sentence or two each; usually none."""
    filled = [f"Warning: {found}" for found in find_filled(data.train)]
    return [*filled, *filter(None, [unlabelled_values(data)])]
