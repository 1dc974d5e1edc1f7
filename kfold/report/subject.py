"""What a report is about: runs on the same data, and their entries, best first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.errors import UserError
from data.faces import Faces
from data.reader import Competition
from kfold.leaderboard import Line, best_trained, compare_runs
from kfold.run import Run
from kfold.score import trusted_faces


@dataclass(frozen=True)
class Subject:
    """Everything that the parts of a report look at.

    Attributes:
        folder: where the report goes.
        runs: with the fold, int (N,), of every training row.
        data: the competition's faces.
        lines: the leaderboard.
        best: its best line that is no baseline; pictures and charts are of its predictions.
        trusted: the training faces without the labels that the leaderboard leaves out.
    """

    folder: Path
    runs: Sequence[tuple[Run, np.ndarray]]
    data: Competition
    lines: Sequence[Line]
    best: Line
    trusted: Faces

    @property
    def oof(self) -> np.ndarray:
        """The best line's out-of-fold predictions, float (N, 15, 2) in pixels."""
        return self.best.entry.oof

    @property
    def left_out(self) -> str:
        """Which models and seeds are on no leaderboard, and why; empty if all are."""
        names = [
            f"{run.folder.name}/{name}" if len(self.runs) > 1 else name
            for run, _ in self.runs
            for name in run.left_out
        ]
        return f"Left out: {', '.join(names)}." if names else ""


def open_subject(runs: Sequence[tuple[Run, np.ndarray]], data: Competition) -> Subject:
    """Score the runs, one or more, on the data that they share.

    Raises:
        UserError: the runs are of different data, or no model is finished on all folds.
    """
    first, *others = [run for run, _ in runs]
    for run in others:
        if run.config.checksum != first.config.checksum:
            raise UserError(
                f"RUNS: expected runs of the same data, found {first.folder} of "
                f"{first.config.data} and {run.folder} of {run.config.data}. Report on each alone."
            )
    folder = first.folder.with_name("+".join(run.folder.name for run, _ in runs))
    lines = compare_runs(runs, data)
    best = best_trained(lines)
    trusted = trusted_faces(data.train, (line.entry.oof for line in lines))
    return Subject(folder, runs, data, lines, best, trusted)
