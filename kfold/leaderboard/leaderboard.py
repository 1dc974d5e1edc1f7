"""The CV leaderboard: every entry with its out-of-fold scores, best first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from data.faces import Faces
from data.reader import Competition
from data.system.errors import UserError
from kfold.leaderboard.entries import Entry, constant_baseline, model_entry
from kfold.leaderboard.rank import (
    KAGGLE_TEST_IMAGES,
    KAGGLE_TEST_VALUES,
    estimated_rank,
    leaderboard_scores,
)
from kfold.leaderboard.stacking import ensembles
from kfold.metrics.score import Score, interval, rmse, score, trusted_faces
from kfold.runs.open_run import OpenRun


@dataclass(frozen=True)
class Gap:
    """Trusted RMSE of a line minus that of the best line, in pixels.

    Attributes:
        mean: the difference.
        low: lower end of its 95% interval, paired over bootstrap samples.
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
        score: pooled over all labels.
        trusted: pooled over trusted labels (see `Leaderboard.trusted`).
        fold_rmse: trusted RMSE of each fold, in pixels.
        seed_rmse: trusted RMSE of each of a model's seeds alone, in pixels.
        view_rmse: trusted RMSE of each of a model's test-time views alone, in pixels.
        rank: estimated rank on Kaggle's leaderboard; None on other data.
        gap: to the best line.
    """

    entry: Entry
    score: Score
    trusted: Score
    fold_rmse: tuple[float, ...]
    seed_rmse: tuple[float, ...]
    view_rmse: tuple[float, ...]
    rank: int | None
    gap: Gap = Gap()

    @property
    def tied(self) -> bool:
        """Whether the interval of the gap to the best line reaches 0."""
        return self.gap.low <= 0


@dataclass(frozen=True)
class Leaderboard:
    """Runs on the same data, scored on the same labels.

    Attributes:
        runs: one or more; with several, entries are named `<run>/<entry>`.
        lines: best first.
        trusted: the training faces without outliers, which are labels far from the out-of-fold
            prediction with the lowest RMSE over all labels (see `metrics.score.trusted_faces`).
        teams: number of teams on Kaggle's leaderboard; 0 on other data.
    """

    runs: tuple[OpenRun, ...]
    lines: tuple[Line, ...]
    trusted: Faces
    teams: int

    @property
    def data(self) -> Competition:
        """The competition's files."""
        return self.runs[0].data

    @property
    def folder(self) -> Path:
        """Folder of the report: the run's own, or `runs/first+second`."""
        return self.runs[0].run.folder.with_name("+".join(o.run.name for o in self.runs))

    @property
    def best(self) -> Line:
        """The best line that is not a baseline.

        Raises:
            UserError: no model is finished on all folds.
        """
        for line in self.lines:
            if line.entry.trainings:
                return line
        raise UserError(
            "expected a run with a model finished on all folds, found none: run `make cv`."
        )

    @property
    def untrusted_share(self) -> float:
        """Share of the labels that are outliers, 0 to 1."""
        labels = self.data.train.labelled.sum()
        return float(1 - self.trusted.labelled.sum() / max(labels, 1))

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
        for entry in _trained_entries(opened):
            entries.append((replace(entry, name=prefix + entry.name), opened.folds))
    trusted = trusted_faces(data.train, (entry.oof for entry, _ in entries))
    is_kaggle = (len(data.test), len(data.lookup)) == (KAGGLE_TEST_IMAGES, KAGGLE_TEST_VALUES)
    teams = leaderboard_scores(Path(runs[0].run.config.data)) if is_kaggle else ()
    lines = [_line(entry, data, trusted, folds, groups, teams) for entry, folds in entries]
    # A few grossly wrong labels would decide an order by `score.rmse`.
    lines.sort(key=lambda line: line.trusted.rmse)
    best = lines[0].trusted
    ranked = tuple(replace(line, gap=_gap(line.trusted, best)) for line in lines)
    return Leaderboard(tuple(runs), ranked, trusted, len(teams))


def _check_same_data(runs: Sequence[OpenRun]) -> None:
    first, *others = (opened.run for opened in runs)
    for run in others:
        if run.config.checksum != first.config.checksum:
            raise UserError(
                f"RUN: expected runs of the same data, found {first.folder} of "
                f"{first.config.data} and {run.folder} of {run.config.data}. Report on each alone."
            )


def _trained_entries(opened: OpenRun) -> list[Entry]:
    """Every finished model of a run and every ensemble of them."""
    train, test = opened.data.train, opened.data.test
    entries = (model_entry(opened.run, model, len(train)) for model in opened.run.config.models)
    models = [entry for entry in entries if entry]
    return [*models, *ensembles(models, train, test, opened.folds)]


def _gap(score: Score, best: Score) -> Gap:
    return Gap(score.rmse - best.rmse, *interval(score.draws - best.draws))


def _line(
    entry: Entry,
    data: Competition,
    trusted: Faces,
    folds: np.ndarray,
    groups: np.ndarray,
    teams: tuple[float, ...],
) -> Line:
    on_all_labels = score(data.train, entry.oof, groups)
    masks = (folds == fold for fold in np.unique(folds))
    return Line(
        entry,
        score=on_all_labels,
        trusted=score(trusted, entry.oof, groups),
        fold_rmse=tuple(rmse(trusted.keypoints[rows], entry.oof[rows]) for rows in masks),
        seed_rmse=tuple(rmse(trusted.keypoints, oof) for oof in entry.seeds),
        view_rmse=tuple(rmse(trusted.keypoints, view.oof) for view in entry.views),
        rank=estimated_rank(on_all_labels.rmse, teams) if teams else None,
    )
