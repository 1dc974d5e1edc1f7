"""Where a score would stand on the competition's leaderboard."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Literal

from data.errors import UserError
from data.standings import STANDINGS_FILE

_FROZEN = Path(__file__).with_name(STANDINGS_FILE)

# What tells Kaggle's own test set from any other in its format.
KAGGLE_TEST_IMAGES = 1783
KAGGLE_TEST_VALUES = 27124


def leaderboard_scores(
    folder: Path, half: Literal["private", "public"] = "private"
) -> tuple[float, ...]:
    """RMSE of every team on one half of Kaggle's test set, best first.

    Args:
        folder: with the competition's files, where `make download` leaves today's leaderboard;
            without that it is the one frozen in January 2017, with 175 teams.
        half: of the test set.

    Raises:
        UserError: the file there is not a leaderboard.
    """
    path = folder / STANDINGS_FILE
    path = path if path.exists() else _FROZEN
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return tuple(sorted(float(row[half]) for row in csv.DictReader(file)))
    except (ValueError, KeyError, TypeError):
        raise UserError(
            f"{path}: expected the columns rank, private and public with numbers, found something "
            "else. Delete it; `make download` fetches it again."
        ) from None


def estimated_rank(rmse: float, scores: tuple[float, ...]) -> int:
    """Rank from 1 of a score among `scores`; for an out-of-fold score only an estimate."""
    return 1 + sum(score < rmse for score in scores)
