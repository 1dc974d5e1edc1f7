"""Estimated rank of a score on Kaggle's leaderboard."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pandas as pd

from data.kaggle.leaderboard import LEADERBOARD_FILE, WRITABLE
from data.system.errors import UserError

_FINAL = Path(__file__).with_name(LEADERBOARD_FILE)

KAGGLE_TEST_IMAGES = 1783
KAGGLE_TEST_VALUES = 27124
"""Sizes that tell Kaggle's test set from others in its format."""


def leaderboard_scores(
    folder: Path, part: Literal["all", "private", "public"] = "all"
) -> tuple[float, ...]:
    """RMSE of every team on Kaggle's test set or a half of it, best first.

    Args:
        folder: of the competition's files. `make download` puts today's leaderboard there, or into
            data/raw; without it, the final one of January 2017, with 175 teams, is read.
        part: of the test set. Both halves have about as many values, so the RMSE over all is the
            root of the halves' mean square.

    Raises:
        UserError: the file there is not a leaderboard.
    """
    fetched = (place / LEADERBOARD_FILE for place in (folder, WRITABLE))
    path = next((path for path in fetched if path.is_file()), _FINAL)
    try:
        halves = pd.read_csv(path)[["private", "public"]].astype(float)
        scores = halves.pow(2).mean(axis=1).pow(0.5) if part == "all" else halves[part]
    except (ValueError, KeyError, TypeError):
        scores = pd.Series([float("nan")])
    if scores.isna().any():
        raise UserError(
            f"{path}: expected the columns rank, private and public with numbers, found something "
            "else. Delete it; `make download` fetches it again."
        )
    return tuple(sorted(scores.tolist()))


def estimated_rank(rmse: float, scores: tuple[float, ...]) -> int:
    """Rank, from 1, of a score among `scores`; an estimate, as the score is out-of-fold."""
    return 1 + sum(score < rmse for score in scores)
