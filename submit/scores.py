"""What Kaggle said of a submission, in the ledger and in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from kfold.ledger import Upload, open_ledger, replace_row
from kfold.rank import estimated_rank, leaderboard_scores
from submit.upload import Score


def settle(ledger: Path, row: Upload, score: Score, data: Path) -> Upload:
    """Write a submission's scores into the ledger, and the rank that they stand for, or its error.

    Args:
        ledger: where `row` is.
        row: the submission.
        score: complete, or an error.
        data: folder with the competition's files, for today's leaderboard.
    """
    rank = _rank(score.private, data, "private")
    error = score.error or "no reason" if score.status == "error" else ""
    settled = replace(row, public=score.public, private=score.private, rank=rank, error=error)
    with open_ledger(ledger) as rows:
        replace_row(rows, settled)
    return settled


def describe(row: Upload, data: Path) -> str:
    """Both scores with the ranks they would have; late submissions are not on the leaderboard."""
    teams = len(leaderboard_scores(data))
    halves = (("Public", row.public, "public"), ("private", row.private, "private"))
    parts = [
        f"{name} RMSE {score} (rank {_rank(score, data, half)})"  # type: ignore[arg-type]
        for name, score, half in halves
        if score is not None
    ]
    return f"{', '.join(parts) or 'no score'}, among {teams} teams"


def _rank(rmse: float | None, data: Path, half: Literal["public", "private"]) -> int | None:
    return None if rmse is None else estimated_rank(rmse, leaderboard_scores(data, half))
