"""The CV leaderboard: every entry of a run with its out-of-fold scores, best first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.competition import KEYPOINTS
from data.faces import Faces
from data.reader import Competition
from kfold.ensemble import ensembles
from kfold.entries import Entry, constant_baseline, model_entry
from kfold.rank import KAGGLE_TEST_IMAGES, KAGGLE_TEST_VALUES, estimated_rank, leaderboard_scores
from kfold.run import Run
from kfold.score import Score, rmse, score, untrusted_labels


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
        rank: estimated rank on Kaggle's leaderboard; None on other data.
        teams: on that leaderboard; 0 on other data.
    """

    entry: Entry
    score: Score
    trusted: Score
    flagged: float
    fold_rmse: tuple[float, ...]
    seed_rmse: tuple[float, ...]
    rank: int | None
    teams: int

    @property
    def cells(self) -> dict[str, str | float | int]:
        """The line as it stands in leaderboard.csv."""
        entry = self.entry
        trainings = entry.trainings if entry.kind == "model" else ()
        speeds = [training["images_per_second"] for training in trainings]
        one, two = self.score.by_annotator
        trusted_one, trusted_two = self.trusted.by_annotator
        return {
            "name": entry.name,
            "kind": entry.kind,
            "rmse": round(self.score.rmse, 5),
            "rmse_trusted": round(self.trusted.rmse, 5),
            "rmse_trusted_low": round(self.trusted.low, 5),
            "rmse_trusted_high": round(self.trusted.high, 5),
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
    found = (model_entry(run, model, len(data.train)) for model in run.config.models)
    models = [entry for entry in found if entry]
    entries = [
        constant_baseline(data.train, data.test, folds),
        *models,
        *ensembles(models, data.train, data.test, folds),
    ]
    truth = data.train.keypoints
    best = min(entries, key=lambda entry: rmse(truth, entry.oof))
    trusted = data.train.without(untrusted_labels(truth, best.oof))
    is_kaggle = (len(data.test), len(data.lookup)) == (KAGGLE_TEST_IMAGES, KAGGLE_TEST_VALUES)
    scores = leaderboard_scores(Path(run.config.data)) if is_kaggle else ()
    lines = [_line(entry, data, trusted, folds, scores) for entry in entries]
    # The few gross errors among the labels would decide an order by `score.rmse`.
    return sorted(lines, key=lambda line: line.trusted.rmse)


def _line(
    entry: Entry, data: Competition, trusted: Faces, folds: np.ndarray, scores: tuple[float, ...]
) -> Line:
    total = score(data.train, entry.oof)
    by_fold = tuple(
        rmse(trusted.keypoints[folds == fold], entry.oof[folds == fold])
        for fold in np.unique(folds)
    )
    by_seed = tuple(rmse(trusted.keypoints, oof) for oof in entry.seeds)
    labels, kept = data.train.labelled.sum(), trusted.labelled.sum()
    rank = estimated_rank(total.rmse, scores) if scores else None
    flagged = float(1 - kept / max(labels, 1))
    kept_score, teams = score(trusted, entry.oof), len(scores)
    return Line(entry, total, kept_score, flagged, by_fold, by_seed, rank, teams)
