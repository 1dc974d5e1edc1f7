"""A line of the leaderboard: an entry with its out-of-fold scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data.faces import Faces
from kfold.leaderboard.entries import Entry
from kfold.leaderboard.rank import estimated_rank
from kfold.metrics.intervals import interval, with_training_noise
from kfold.metrics.score import Score, capped_errors, capped_rmse, score, squared_errors


@dataclass(frozen=True)
class Gap:
    """Capped RMSE of a line minus that of the best line, in pixels.

    Attributes:
        mean: the difference.
        low: lower end of its 95% interval: over faces, paired, and, where both lines have two
            seeds or more, over trainings.
        high: its upper end.
    """

    mean: float = 0.0
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True)
class Line:
    """An entry with its out-of-fold score.

    Attributes:
        entry: the baseline, model or ensemble.
        score: pooled over all labels, as Kaggle does.
        capped: pooled with the distance of each label capped, see `metrics.score.capped_rmse`.
        interval: 95% interval of the capped RMSE in pixels: over faces and, with two seeds or more,
            over trainings.
        fold_rmse: capped RMSE of each fold, in pixels.
        trusted: RMSE over trusted labels in pixels, see `Leaderboard.trusted`.
        corrected: capped RMSE over corrected labels in pixels; NaN without corrections.
        rank: estimated rank on Kaggle's leaderboard; None on other data.
        gap: to the best line.
    """

    entry: Entry
    score: Score
    capped: Score
    interval: tuple[float, float]
    fold_rmse: tuple[float, ...]
    rank: int | None
    trusted: float = float("nan")
    corrected: float = float("nan")
    gap: Gap = Gap()

    @property
    def tied(self) -> bool:
        """Whether the interval of the gap to the best line reaches 0."""
        return self.gap.low <= 0

    @property
    def one_seed(self) -> float:
        """Mean capped RMSE of the single seeds in pixels; NaN if none was scored alone."""
        scores = list(self.entry.seed_rmse.values())
        return float(np.mean(scores)) if scores else float("nan")

    @property
    def seed_deviation(self) -> float:
        """Sample standard deviation of the single seeds' scores; NaN with fewer than two."""
        scores = list(self.entry.seed_rmse.values())
        return float(np.std(scores, ddof=1)) if len(scores) > 1 else float("nan")


def score_entries(
    entries: Sequence[tuple[Entry, np.ndarray]],
    train: Faces,
    groups: np.ndarray,
    teams: tuple[float, ...],
) -> list[Line]:
    """Score the out-of-fold predictions of entries.

    Args:
        entries: with predictions of N faces; and the folds of each, int (N,).
        train: the N labelled faces.
        groups: int (N,), equal for faces that the bootstrap draws together.
        teams: scores of Kaggle's leaderboard; empty for other data.
    """
    truth, predictions = train.keypoints, [entry.oof for entry, _ in entries]
    on_all_labels = score(train, (squared_errors(truth, oof) for oof in predictions), groups)
    capped = score(train, (capped_errors(truth, oof) for oof in predictions), groups)
    return [
        Line(
            entry,
            score=plain,
            capped=robust,
            interval=with_training_noise(
                robust.rmse, (robust.low, robust.high), list(entry.seed_rmse.values())
            ),
            fold_rmse=tuple(
                capped_rmse(truth[folds == fold], entry.oof[folds == fold])
                for fold in np.unique(folds)
            ),
            rank=estimated_rank(plain.rmse, teams) if teams else None,
        )
        for (entry, folds), plain, robust in zip(entries, on_all_labels, capped, strict=True)
    ]


def gap_between(line: Line, best: Line) -> Gap:
    """The gap of a line to the best one.

    The same faces are drawn for both lines, and seeds are compared one by one, since the lines may
    be blends of the same networks.
    """
    if line is best:
        return Gap()
    mean, draws = line.capped.rmse - best.capped.rmse, line.capped.draws - best.capped.draws
    one, other = line.entry.seed_rmse, best.entry.seed_rmse
    seeds = [one[seed] - other[seed] for seed in one if seed in other]
    return Gap(mean, *with_training_noise(mean, interval(draws), seeds))
