"""Suspects of a leaderboard: wrong labels that are left after the runs' corrections."""

from __future__ import annotations

from data.faces import Faces
from kfold.labels.duplicates import Duplicates
from kfold.labels.suspects import Suspect, rank_suspects
from kfold.leaderboard.leaderboard import Leaderboard


def find_suspects(leaderboard: Leaderboard, duplicates: Duplicates) -> tuple[Faces, list[Suspect]]:
    """Compare the labels that the runs were trained on with the best line's predictions.

    Rows that a run's corrections keep are no suspects. Runs that were trained with different
    corrections are compared on the labels as they were given.

    Returns:
        The training faces with the labels that were compared, and the suspects, worst first.

    Raises:
        UserError: a run's corrections.csv cannot be read.
    """
    runs, faces, kept = leaderboard.runs, leaderboard.data.train, set()
    if len({opened.run.config.corrections for opened in runs}) == 1:
        faces = runs[0].trained_faces
        kept = {line.row for line in runs[0].corrections if line.action == "keep"}
    suspects = rank_suspects(faces, leaderboard.best.entry.oof, duplicates.identical)
    return faces, [suspect for suspect in suspects if suspect.row not in kept]
