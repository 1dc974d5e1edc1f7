"""Where a score would stand on the competition's frozen leaderboard."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

_SCORES = Path(__file__).with_name("kaggle_leaderboard.csv")

# What tells Kaggle's own test set from any other in its format.
KAGGLE_TEST_IMAGES = 1783
KAGGLE_TEST_VALUES = 27124


@cache
def private_scores() -> tuple[float, ...]:
    """Private RMSE of the 175 teams, best first, as frozen in January 2017."""
    with _SCORES.open(newline="") as file:
        return tuple(float(row["private"]) for row in csv.DictReader(file))


def estimated_rank(rmse: float) -> int:
    """Rank from 1 that a private score would have had; an out-of-fold score only estimates it."""
    return 1 + sum(score < rmse for score in private_scores())
