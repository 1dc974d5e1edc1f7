"""The CV leaderboard: every entry with its out-of-fold scores, best first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from data.corrections import apply_corrections
from data.faces import Faces
from data.reader import Competition
from data.system.errors import UserError
from kfold.labels.coverage import unlabelled_values
from kfold.labels.notes import data_notes
from kfold.leaderboard.entries import constant_baseline
from kfold.leaderboard.line import Line, gap_between, score_entries
from kfold.leaderboard.rank import (
    KAGGLE_TEST_IMAGES,
    KAGGLE_TEST_VALUES,
    leaderboard_scores,
)
from kfold.leaderboard.stored import trained_entries
from kfold.metrics.outliers import outliers
from kfold.metrics.score import capped_rmse, rmse
from kfold.runs.code_version import distinct_sources
from kfold.runs.locate import comparison_folder
from kfold.runs.open_run import OpenRun

NEAR_BEST = 1.05
"""Lines with at most so many times the best capped RMSE decide which labels are outliers."""


@dataclass(frozen=True)
class Leaderboard:
    """Runs on the same data, scored on the same labels.

    Attributes:
        runs: one or more; with several, entries are named `<run>/<entry>`.
        lines: best first.
        trusted: the training faces without outliers, which are labels far from the out-of-fold
            prediction of every line near the best (see `metrics.outliers`). No order, interval or
            tie depends on it.
        corrected: the training faces with the corrections of all runs; None if there are none.
            They are not what lines are ranked by.
        teams: number of teams on Kaggle's leaderboard; 0 on other data, and where a score would
            not cover all values that Kaggle asks for.
    """

    runs: tuple[OpenRun, ...]
    lines: tuple[Line, ...]
    trusted: Faces
    corrected: Faces | None
    teams: int

    @property
    def data(self) -> Competition:
        """The competition's files."""
        return self.runs[0].data

    @property
    def folder(self) -> Path:
        """Folder of the report: the run's own, or `runs/first+second`."""
        return comparison_folder([opened.run for opened in self.runs])

    @property
    def best(self) -> Line:
        """The best line that is not a baseline.

        Raises:
            UserError: no model is finished on all folds, and no predictions are joined.
        """
        for line in self.lines:
            if line.entry.kind != "baseline":
                return line
        raise UserError(
            "expected a run with a model finished on all folds, found none: run `make cv`, or "
            f"`make join` with predictions from elsewhere. {self.unfinished}".rstrip()
        )

    @property
    def best_network(self) -> Line:
        """The best line of a run whose members all have networks here.

        Raises:
            UserError: there are none.
        """
        best = self.best
        for line in self.lines:
            if line.entry.trainings and not self.joined_members(line):
                return line
        raise UserError(
            f"{self.folder}: expected a model finished on all folds, found only joined "
            f"predictions, such as {best.entry.name!r}, which have no network here. Train one with "
            f"`make cv RUN={self.folder.name}`. {self.unfinished}".rstrip()
        )

    def joined_members(self, line: Line) -> list[str]:
        """Joined predictions of a run with weight for annotator 1 in one of its lines."""
        weights = line.entry.weights.items()
        used = {member.partition(", ")[0] for member, of_annotators in weights if of_annotators[0]}
        return [name for opened in self.runs for name in opened.run.joined if name in used]

    @property
    def corrections(self) -> str:
        """A sentence on how many labels are corrected; '' without corrections."""
        if self.corrected is None:
            return ""
        before, after = self.data.train.keypoints, self.corrected.keypoints
        dropped = (np.isfinite(before) & ~np.isfinite(after)).any(axis=-1).sum()
        moved = (np.isfinite(after) & (before != after)).any(axis=-1).sum()
        labels = self.data.train.labelled.sum()
        names = [opened.run.folder.name for opened in self.runs if opened.corrections]
        start = f"{', '.join(names)}: trained" if len(self.runs) > 1 else "Trained"
        return (
            f"{start} on corrected labels: of {labels:,}, {dropped:,} were dropped and {moved:,} "
            "set. Corrected is the capped RMSE on these labels, beside that on the original ones."
        )

    @property
    def untrusted_share(self) -> float:
        """Share of the labels that are outliers, 0 to 1."""
        labels = self.data.train.labelled.sum()
        return float(1 - self.trusted.labelled.sum() / max(labels, 1))

    @property
    def covered(self) -> str:
        """A sentence on what the 95% intervals cover."""
        if any(len(line.entry.seed_rmse) > 1 for line in self.lines):
            return (
                "The 95% intervals cover other faces (bootstrap over groups of similar ones) and, "
                "for lines with two seeds or more, other trainings."
            )
        return (
            "The 95% intervals cover other faces (bootstrap over groups of similar ones), not "
            "other trainings, whose scatter a single seed does not tell; SEEDS=2 does."
        )

    @cached_property
    def notes(self) -> list[str]:
        """What to know before believing a score, a sentence or two each; usually none."""
        return [
            *data_notes(self.data),
            *filter(None, [self.corrections, self.mixed_code, self.unfinished]),
        ]

    @property
    def mixed_code(self) -> str:
        """A sentence on trainings that were made by other code than the rest; '' if none were."""
        versions = distinct_sources(v for opened in self.runs for v in opened.run.code_versions)
        if len(versions) < 2:
            return ""
        return f"Trained by different code: {'; '.join(versions)}. Scores may differ by it."

    @property
    def unfinished(self) -> str:
        """A sentence on unfinished models and seeds with reasons; empty if there are none."""
        several = len(self.runs) > 1
        names = [
            f"{opened.run.name}/{name}" if several else name
            for opened in self.runs
            for name in opened.run.unfinished
        ]
        return f"Left out: {', '.join(names)}." if names else ""


def make_leaderboard(runs: Sequence[OpenRun]) -> Leaderboard:
    """Score the constant baseline and every finished model and ensemble.

    Args:
        runs: one or more on the same data.

    Raises:
        UserError: the runs are of different data.
    """
    _check_same_data(runs)
    data, groups = runs[0].data, runs[0].groups
    entries = [(constant_baseline(data.train, data.test, runs[0].folds), runs[0].folds)]
    for opened in runs:
        prefix = f"{opened.run.name}/" if len(runs) > 1 else ""
        for entry in trained_entries(opened):
            entries.append((replace(entry, name=prefix + entry.name), opened.folds))
    is_kaggle = (len(data.test), len(data.lookup)) == (KAGGLE_TEST_IMAGES, KAGGLE_TEST_VALUES)
    comparable = is_kaggle and not unlabelled_values(data)
    teams = leaderboard_scores(Path(runs[0].run.config.data)) if comparable else ()
    lines = score_entries(entries, data.train, groups, teams)
    # A few grossly wrong labels would decide an order by `score.rmse`.
    lines.sort(key=lambda line: line.capped.rmse)
    trusted, corrected = _trusted_faces(data.train, lines), _corrected_faces(runs)
    ranked = (
        replace(
            line,
            gap=gap_between(line, lines[0]),
            trusted=rmse(trusted.keypoints, line.entry.oof),
            corrected=capped_rmse(corrected.keypoints, line.entry.oof) if corrected else math.nan,
        )
        for line in lines
    )
    return Leaderboard(tuple(runs), tuple(ranked), trusted, corrected, len(teams))


def _check_same_data(runs: Sequence[OpenRun]) -> None:
    first, *others = (opened.run for opened in runs)
    for run in others:
        if run.config.checksum != first.config.checksum:
            raise UserError(
                f"RUN: expected runs of the same data, found {first.folder} of "
                f"{first.config.data} and {run.folder} of {run.config.data}. Report on each alone."
            )


def _corrected_faces(runs: Sequence[OpenRun]) -> Faces | None:
    """The faces with the corrections of all runs, one after the other; None if there are none."""
    corrections = [each for opened in runs for each in opened.corrections]
    return apply_corrections(runs[0].data.train, corrections) if corrections else None


def _trusted_faces(train: Faces, lines: Sequence[Line]) -> Faces:
    """The faces without labels that are far from the predictions of all lines near the best."""
    limit = NEAR_BEST * lines[0].capped.rmse
    near = [line.entry.oof for line in lines if not line.capped.rmse > limit]
    return train.without(outliers(train.keypoints, near))
