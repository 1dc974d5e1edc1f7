"""The model and seed whose networks are the best alone, without a blend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kfold.leaderboard.leaderboard import Leaderboard
from kfold.metrics.score import capped_rmse
from kfold.runs.predictions import read_out_of_fold


@dataclass(frozen=True)
class SeedScore:
    """One seed of a model with its score.

    Attributes:
        model: name of the model.
        seed: of its trainings.
        rmse: capped out-of-fold RMSE in pixels, without test-time augmentation.
    """

    model: str
    seed: int
    rmse: float


def best_seed(leaderboard: Leaderboard) -> SeedScore:
    """The model and seed with the lowest capped RMSE.

    Single folds are not compared: each is scored on different faces.

    Args:
        leaderboard: of one run.

    Raises:
        UserError: no model is finished.
    """
    leaderboard.best_network  # noqa: B018  raises for a run without networks
    run, truth = leaderboard.runs[0].run, leaderboard.data.train.keypoints
    scores = []
    for model in run.config.models:
        for seed in run.finished_seeds(model):
            oof = np.empty_like(truth)
            for fold in range(run.config.folds):
                rows, predicted = read_out_of_fold(run.fold_folder(model, seed, fold))
                oof[rows] = predicted[0]
            scores.append(SeedScore(model, seed, capped_rmse(truth, oof)))
    return min(scores, key=lambda score: score.rmse)
