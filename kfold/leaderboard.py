"""The CV leaderboard: every entry of a run with its out-of-fold scores, best first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from data.competition import KEYPOINTS
from data.errors import UserError
from data.faces import Faces
from data.reader import Competition
from kfold.ensemble import ensembles
from kfold.entries import Entry, constant_baseline, model_entry
from kfold.rank import KAGGLE_TEST_IMAGES, KAGGLE_TEST_VALUES, estimated_rank, leaderboard_scores
from kfold.run import Run, read_groups
from kfold.score import Score, interval, rmse, score, trusted_faces


@dataclass(frozen=True)
class Line:
    """An entry with its out-of-fold score.

    Attributes:
        entry: what is scored.
        score: pooled over all rows.
        trusted: the same without the labels that the best line makes out as wrong.
        flagged: share of the labels that these are.
        fold_rmse: the trusted RMSE of each fold, in pixels.
        seed_rmse: the trusted RMSE of each of a model's seeds alone, in pixels.
        view_rmse: the trusted RMSE of each of a model's views alone, in pixels.
        rank: estimated rank on Kaggle's leaderboard; None on other data.
        teams: on that leaderboard; 0 on other data.
        behind: how far the trusted RMSE is above the best line's: the difference, and the 95%
            interval of it over bootstrap samples that both share.
    """

    entry: Entry
    score: Score
    trusted: Score
    flagged: float
    fold_rmse: tuple[float, ...]
    seed_rmse: tuple[float, ...]
    view_rmse: tuple[float, ...]
    rank: int | None
    teams: int
    behind: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def tied(self) -> bool:
        """Whether other faces of the same kind might as well have made this line the best."""
        return self.behind[1] <= 0

    @property
    def cells(self) -> dict[str, str | float | int]:
        """The line as it stands in leaderboard.csv."""
        entry = self.entry
        trainings = entry.trainings if entry.kind == "model" else ()
        speeds = [training["images_per_second"] for training in trainings]
        one, two = self.score.by_annotator
        trusted_one, trusted_two = self.trusted.by_annotator
        behind, behind_low, behind_high = self.behind
        return {
            "name": entry.name,
            "kind": entry.kind,
            "rmse": round(self.score.rmse, 5),
            "rmse_trusted": round(self.trusted.rmse, 5),
            "rmse_trusted_low": round(self.trusted.low, 5),
            "rmse_trusted_high": round(self.trusted.high, 5),
            "behind": round(behind, 5),
            "behind_low": round(behind_low, 5),
            "behind_high": round(behind_high, 5),
            "rmse_trusted_fold_std": round(float(np.std(self.fold_rmse)), 5),
            "rmse_trusted_annotator_1": round(trusted_one, 5),
            "rmse_trusted_annotator_2": round(trusted_two, 5),
            "rmse_trusted_one_seed": round(float(np.mean(self.seed_rmse or self.trusted.rmse)), 5),
            "rmse_trusted_seed_std": round(float(np.std(self.seed_rmse or 0)), 5),
            "share_flagged": round(self.flagged, 5),
            "rmse_low": round(self.score.low, 5),
            "rmse_high": round(self.score.high, 5),
            "rmse_annotator_1": round(one, 5),
            "rmse_annotator_2": round(two, 5),
            "estimated_rank": "" if self.rank is None else self.rank,
            "trainings": len(entry.trainings),
            "epochs": trainings[0]["epochs"] if trainings else "",
            "images_per_second": round(float(np.mean(speeds)), 1) if speeds else "",
            "minutes": round(entry.minutes, 2),
            "parameters": entry.parameters,
            **{
                f"rmse_{name}": round(value, 5)
                for name, value in zip(KEYPOINTS, self.score.by_keypoint, strict=True)
            },
        }


def make_leaderboard(run: Run, data: Competition, folds: np.ndarray) -> list[Line]:
    """Score the constant baseline, every finished model and every ensemble, best first.

    Args:
        run: where the trainings are.
        data: what they were trained on.
        folds: int (N,), the fold of every training row.
    """
    return compare_runs([(run, folds)], data)


def best_trained(lines: Sequence[Line]) -> Line:
    """The first line of a leaderboard that has networks.

    Raises:
        UserError: there is none.
    """
    for line in lines:
        if line.entry.trainings:
            return line
    raise UserError("expected a run with a model finished on all folds, found none: run `make cv`.")


def compare_runs(runs: Sequence[tuple[Run, np.ndarray]], data: Competition) -> list[Line]:
    """Score the entries of several runs on the same data, best first.

    All are measured on the labels that the best of them trusts. With several runs, an entry's
    name starts with its run's, and there is one baseline.

    Args:
        runs: each with the fold, int (N,), of every training row.
        data: what they were trained on.
    """
    entries = [(constant_baseline(data.train, data.test, runs[0][1]), runs[0][1])]
    for run, folds in runs:
        prefix = f"{run.folder.name}/" if len(runs) > 1 else ""
        for entry in _trained(run, data, folds):
            entries.append((replace(entry, name=prefix + entry.name), folds))
    trusted = trusted_faces(data.train, (entry.oof for entry, _ in entries))
    groups = read_groups(runs[0][0])
    is_kaggle = (len(data.test), len(data.lookup)) == (KAGGLE_TEST_IMAGES, KAGGLE_TEST_VALUES)
    scores = leaderboard_scores(Path(runs[0][0].config.data)) if is_kaggle else ()
    lines = [_line(entry, data, trusted, folds, groups, scores) for entry, folds in entries]
    # The few gross errors among the labels would decide an order by `score.rmse`.
    lines.sort(key=lambda line: line.trusted.rmse)
    return [replace(line, behind=_behind(line.trusted, lines[0].trusted)) for line in lines]


def _trained(run: Run, data: Competition, folds: np.ndarray) -> list[Entry]:
    """Every finished model of a run and every ensemble of them."""
    found = (model_entry(run, model, len(data.train)) for model in run.config.models)
    models = [entry for entry in found if entry]
    return [*models, *ensembles(models, data.train, data.test, folds)]


def _behind(score: Score, best: Score) -> tuple[float, float, float]:
    return (score.rmse - best.rmse, *interval(score.draws - best.draws))


def _line(
    entry: Entry,
    data: Competition,
    trusted: Faces,
    folds: np.ndarray,
    groups: np.ndarray,
    scores: tuple[float, ...],
) -> Line:
    total = score(data.train, entry.oof, groups)
    by_fold = tuple(
        rmse(trusted.keypoints[folds == fold], entry.oof[folds == fold])
        for fold in np.unique(folds)
    )
    by_seed = tuple(rmse(trusted.keypoints, oof) for oof in entry.seeds)
    by_view = tuple(rmse(trusted.keypoints, view.oof) for view in entry.views)
    labels, kept = data.train.labelled.sum(), trusted.labelled.sum()
    rank = estimated_rank(total.rmse, scores) if scores else None
    flagged = float(1 - kept / max(labels, 1))
    kept_score, teams = score(trusted, entry.oof, groups), len(scores)
    return Line(entry, total, kept_score, flagged, by_fold, by_seed, by_view, rank, teams)
