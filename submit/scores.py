"""A submission's scores: recorded in the ledger, and described with their ranks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from kfold.leaderboard.rank import estimated_rank, leaderboard_scores
from kfold.submissions.ledger import Upload, open_ledger, replace_row
from submit.upload import KaggleScore


def record_score(ledger: Path, row: Upload, score: KaggleScore, data: Path) -> Upload:
    """Write a submission's scores and rank into the ledger, or its error.

    Args:
        ledger: the file that holds `row`.
        row: the submission.
        score: complete, or an error.
        data: folder with the competition's files, for today's leaderboard.
    """
    rank = _rank(score.private, data, "private")
    error = score.error or "no reason" if score.status == "error" else ""
    scored = replace(row, public=score.public, private=score.private, rank=rank, error=error)
    with open_ledger(ledger) as rows:
        replace_row(rows, scored)
    return scored


def describe_scores(row: Upload, data: Path) -> str:
    """Both scores with their ranks, estimated because late submissions get none from Kaggle."""
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
