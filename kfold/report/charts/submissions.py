"""Submissions of the runs, and out-of-fold scores against Kaggle's."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from markupsafe import Markup

from kfold.leaderboard.leaderboard import Leaderboard
from kfold.report.charts.svg import FIRST, MUTED, SECOND, drawing, inline
from kfold.submissions.correlation import ScoreComparison, compare_scores
from kfold.submissions.ledger import LEDGER, Upload, read_ledger

COLUMNS = ["time (UTC)", "run", "out-of-fold", "public", "private", "rank", "state", "message"]


def submissions(leaderboard: Leaderboard) -> dict[str, object]:
    """The runs' uploads as a table, and a comparison of scores over the uploads of all runs.

    Raises:
        UserError: the ledger cannot be read.
    """
    uploads = read_ledger(leaderboard.folder.with_name(LEDGER))
    comparisons = compare_scores(uploads)
    names = {opened.run.name for opened in leaderboard.runs}
    return {
        "uploads": _table([upload for upload in uploads if upload.run in names]),
        "score_comparisons": comparisons,
        "score_chart": _scatter(comparisons) if comparisons else "",
    }


def _table(uploads: Sequence[Upload]) -> pd.DataFrame:
    """Uploads as text, latest first."""
    latest = sorted(uploads, key=lambda upload: upload.time, reverse=True)
    return pd.DataFrame(map(_row, latest), columns=COLUMNS)


def _row(upload: Upload) -> list[str]:
    scores = (upload.out_of_fold, upload.public, upload.private)
    return [
        upload.time[:16].replace("T", " "),
        upload.run,
        *("-" if score is None else f"{score:.5f}" for score in scores),
        "-" if upload.rank is None else f"{upload.rank}",
        upload.state,
        upload.message,
    ]


def _scatter(comparisons: Sequence[ScoreComparison]) -> Markup:
    with drawing(3.8, 3.2) as figure:
        panel = figure.subplots()
        for each, colour, marker in zip(comparisons, (FIRST, SECOND), "os", strict=True):
            panel.plot(
                each.out_of_fold, each.leaderboard, marker, color=colour, ms=5, label=each.half
            )
        start = comparisons[0].out_of_fold[0]
        panel.axline((start, start), slope=1, color=MUTED, lw=1, ls="--", label="no gap")
        panel.set_xlabel("out-of-fold RMSE over all labels, px")
        panel.set_ylabel("Kaggle's RMSE, px")
        panel.legend()
        return inline(figure, "scores", "; ".join(map(str, comparisons)))
