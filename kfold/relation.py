"""Whether the out-of-fold score tells what Kaggle will say: CV against the leaderboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kfold.ledger import Upload

FEWEST = 3
"""Submissions from which a correlation means anything; two always lie on a line."""


@dataclass(frozen=True)
class Relation:
    """Out-of-fold scores against those of one half of Kaggle's test set.

    Attributes:
        half: of the test set.
        out_of_fold: float (n,), RMSE in pixels, a value for each file that was scored.
        leaderboard: float (n,), what Kaggle said of the same files, RMSE in pixels.
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
        """Pearson's; None for fewer than `FEWEST` scores, or where one side is constant."""
        pairs = self.out_of_fold, self.leaderboard
        if len(self.leaderboard) < FEWEST or min(map(np.ptp, pairs)) == 0:
            return None
        return float(np.corrcoef(*pairs)[0, 1])

    def __str__(self) -> str:
        known = f"{self.correlation:+.3f}" if self.correlation is not None else "unknown"
        return (
            f"{self.half} against out-of-fold RMSE: correlation {known}, "
            f"mean gap {self.gap:+.3f} px (files scored: {len(self.leaderboard)})"
        )


def relations(rows: Sequence[Upload]) -> list[Relation]:
    """Relate the ledger's scores for each half; an empty list before the first is known."""
    # A file that was sent twice is one observation.
    files = {row.checksum: row for row in rows if row.public is not None}.values()
    scored = [row for row in files if row.private is not None]
    if not scored:
        return []
    ours = np.array([row.out_of_fold for row in scored])
    return [
        Relation("public", ours, np.array([row.public for row in scored])),
        Relation("private", ours, np.array([row.private for row in scored])),
    ]
