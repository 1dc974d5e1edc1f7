"""What was submitted, and whether the out-of-fold score foretold what Kaggle said."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from kfold.ledger import LEDGER, Upload, read_ledger
from kfold.relation import Relation, relations
from kfold.report.chart import FIRST, MUTED, SECOND, drawing, inline
from kfold.report.subject import Subject
from kfold.tables import Rows


def submissions(subject: Subject) -> dict[str, object]:
    """The runs' uploads as a table; of those of all runs, how far out-of-fold scores are to trust.

    Raises:
        UserError: the ledger cannot be read.
    """
    uploads = read_ledger(subject.folder.with_name(LEDGER))
    halves = relations(uploads)
    names = {run.folder.name for run, _ in subject.runs}
    return {
        "uploads": _table([upload for upload in uploads if upload.run in names]),
        "relations": halves,
        "relation_chart": _scatter(halves) if halves else "",
    }


def _table(uploads: Sequence[Upload]) -> Rows:
    """The uploads, latest first; without any, no header either."""
    header = ["time (UTC)", "run", "out of fold", "public", "private", "rank", "state", "message"]
    latest = sorted(uploads, key=lambda upload: upload.time, reverse=True)
    return [header, *map(_row, latest)] if uploads else []


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


def _scatter(halves: Sequence[Relation]) -> Markup:
    with drawing(3.8, 3.2) as figure:
        panel = figure.subplots()
        for half, colour, marker in zip(halves, (FIRST, SECOND), "os", strict=True):
            panel.plot(
                half.out_of_fold, half.leaderboard, marker, color=colour, ms=5, label=half.half
            )
        panel.axline(
            (halves[0].out_of_fold[0],) * 2, slope=1, color=MUTED, lw=1, ls="--", label="no gap"
        )
        panel.set_xlabel("out-of-fold RMSE over all labels, px")
        panel.set_ylabel("Kaggle's RMSE, px")
        panel.legend()
        return inline(figure, "relation", "; ".join(map(str, halves)))
