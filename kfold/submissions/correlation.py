"""CV against the leaderboard: do out-of-fold scores predict Kaggle's?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kfold.submissions.ledger import Upload

MIN_SCORES = 3
"""Fewest submissions with a meaningful correlation; two always lie on a line."""


@dataclass(frozen=True)
class ScoreComparison:
    """Out-of-fold scores of n files and Kaggle's scores on one half of its test set.

    Attributes:
        half: of the test set.
        out_of_fold: float (n,), RMSE in pixels.
        leaderboard: float (n,), Kaggle's RMSE of the same files, in pixels.
    """

    half: Literal["public", "private"]
    out_of_fold: np.ndarray
    leaderboard: np.ndarray

    @property
    def gap(self) -> float:
        """Mean of leaderboard minus out-of-fold, in pixels."""
        return float(np.mean(self.leaderboard - self.out_of_fold))

    @property
    def correlation(self) -> float | None:
        """Pearson's r; None for fewer than `MIN_SCORES` scores, or if one side is constant."""
        pairs = self.out_of_fold, self.leaderboard
        if len(self.leaderboard) < MIN_SCORES or min(map(np.ptp, pairs)) == 0:
            return None
        return float(np.corrcoef(*pairs)[0, 1])

    def __str__(self) -> str:
        known = f"{self.correlation:+.3f}" if self.correlation is not None else "unknown"
        return (
            f"{self.half} against out-of-fold RMSE: correlation {known}, "
            f"mean gap {self.gap:+.3f} px (files scored: {len(self.leaderboard)})"
        )


def compare_scores(rows: Sequence[Upload]) -> list[ScoreComparison]:
    """Compare the ledger's scores on both halves; an empty list before the first score."""
    # A file that was sent twice counts once.
    files = {row.checksum: row for row in rows if row.public is not None}.values()
    scored = [row for row in files if row.private is not None]
    if not scored:
        return []
    out_of_fold = np.array([row.out_of_fold for row in scored])
    return [
        ScoreComparison("public", out_of_fold, np.array([row.public for row in scored])),
        ScoreComparison("private", out_of_fold, np.array([row.private for row in scored])),
    ]
