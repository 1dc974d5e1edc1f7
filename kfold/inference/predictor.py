"""The best entry of a run as a function from images to keypoints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kfold.models import backend  # noqa: F401  isort: skip
from data.competition import ANNOTATORS, KEYPOINTS
from data.faces import Faces
from data.system.errors import UserError
from kfold.leaderboard.leaderboard import Leaderboard, Line
from kfold.metrics.score import rmse
from kfold.models.keypoint_model import KeypointModel
from kfold.models.registry import build_model
from kfold.runs.open_run import OpenRun
from kfold.runs.predictions import Predictions
from kfold.runs.run import Run
from kfold.training.trainer import predict


def load_network(run: Run, model: str, seed: int, fold: int) -> KeypointModel:
    """Build one network of a run and load its trained weights."""
    network = build_model(run.config.models[model])
    network.load_weights(run.fold_folder(model, seed, fold) / "model.weights.h5")
    return network


def unlabelled(images: np.ndarray) -> Faces:
    """Images uint8 (N, 96, 96) as faces of annotator 1, who labels all 15 keypoints; no labels."""
    count = len(images)
    missing = np.full((count, len(KEYPOINTS), 2), np.nan, np.float32)
    return Faces(images, missing, np.arange(count), np.full(count, ANNOTATORS[0], np.int8))


@dataclass(frozen=True)
class SeedScore:
    """One seed of a model with its score.

    Attributes:
        model: name of the model.
        seed: of its trainings.
        rmse: trusted out-of-fold RMSE in pixels, without test-time augmentation.
    """

    model: str
    seed: int
    rmse: float


def best_seed(leaderboard: Leaderboard) -> SeedScore:
    """The model and seed with the lowest trusted RMSE.

    Single folds are not compared: each is scored on different faces.

    Args:
        leaderboard: of one run.

    Raises:
        UserError: no model is finished.
    """
    leaderboard.best  # noqa: B018  raises for a run without networks
    run, truth = leaderboard.runs[0].run, leaderboard.trusted.keypoints
    scores = []
    for model in run.config.models:
        for seed in run.finished_seeds(model):
            oof = np.empty_like(truth)
            for fold in range(run.config.folds):
                predictions = Predictions.read(run.fold_folder(model, seed, fold))
                oof[predictions.rows] = predictions.oof[0]
            scores.append(SeedScore(model, seed, rmse(truth, oof)))
    return min(scores, key=lambda score: score.rmse)


@dataclass(frozen=True)
class Predictor:
    """The best line of a run's leaderboard with its trained networks.

    Attributes:
        line: the best one that was trained.
        opened: the run.
        networks: by model, those of all folds and finished seeds.
    """

    line: Line
    opened: OpenRun
    networks: dict[str, list[KeypointModel]]

    @classmethod
    def load(cls, leaderboard: Leaderboard) -> Predictor:
        """Load the networks of the best line.

        Args:
            leaderboard: of one run.

        Raises:
            UserError: no model is finished.
        """
        best, (opened,) = leaderboard.best, leaderboard.runs
        run = opened.run
        wanted = [best.entry.name] if best.entry.kind == "model" else list(run.finished_models)
        networks = {
            model: [
                load_network(run, model, seed, fold)
                for seed in run.finished_seeds(model)
                for fold in range(run.config.folds)
            ]
            for model in run.config.models
            if model in wanted
        }
        return cls(best, opened, networks)

    @property
    def size(self) -> int:
        """Number of networks."""
        return sum(map(len, self.networks.values()))

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Predict keypoints float (N, 15, 2) of images uint8 (N, 96, 96), as annotator 1 labels."""
        faces, recipes = unlabelled(images), self.opened.run.config.models
        views = [
            np.mean([predict(network, faces, recipes[model].tta) for network in networks], 0)
            for model, networks in self.networks.items()
        ]
        return self.line.entry.blend(np.moveaxis(np.concatenate(views), 0, -1))

    @property
    def mean_face(self) -> np.ndarray:
        """Mean keypoints (15, 2) in pixels of annotator 1's complete training faces.

        Raises:
            UserError: there is no such face.
        """
        train = self.opened.data.train
        complete = train.keypoints[train.labelled.all(axis=1) & (train.annotator == ANNOTATORS[0])]
        if not len(complete):
            raise UserError(
                f"{self.opened.run.config.data}: expected a training face with all 15 keypoints, "
                "to crop photos by; found none. Pass WHOLE=1 and images that are cropped already."
            )
        return complete.mean(axis=0)
