"""The trained networks of a run as one function from faces to keypoints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kfold import backend  # noqa: F401  isort: skip
from data.competition import ANNOTATORS, KEYPOINTS
from data.errors import UserError
from data.faces import Faces
from data.reader import Competition
from kfold.keypoint_model import KeypointModel
from kfold.leaderboard import Line, best_trained
from kfold.networks import build_model
from kfold.run import Run
from kfold.training import predict


def load_network(run: Run, model: str, seed: int, fold: int) -> KeypointModel:
    """One trained network of a run."""
    network = build_model(run.config.models[model])
    network.load_weights(run.fold_folder(model, seed, fold) / "model.weights.h5")
    return network


def unlabelled(images: np.ndarray) -> Faces:
    """Images uint8 (N, 96, 96) as faces of the annotator who marks all 15 keypoints."""
    count = len(images)
    nothing = np.full((count, len(KEYPOINTS), 2), np.nan, np.float32)
    return Faces(images, nothing, np.arange(count), np.full(count, ANNOTATORS[0], np.int8))


@dataclass(frozen=True)
class Predictor:
    """A line of a run's leaderboard, ready to predict.

    Attributes:
        line: of the leaderboard.
        run: where its networks were trained.
        data: what they were trained on.
        networks: of each of its models, all folds and seeds.
    """

    line: Line
    run: Run
    data: Competition
    networks: dict[str, list[KeypointModel]]

    @classmethod
    def load(cls, run: Run, data: Competition, lines: list[Line]) -> Predictor:
        """Load the networks of the best line that has some.

        Raises:
            UserError: no line has any.
        """
        best = best_trained(lines)
        finished = {line.entry.name for line in lines if line.entry.kind == "model"}
        wanted = {best.entry.name} if best.entry.kind == "model" else finished
        networks = {
            model: [
                load_network(run, model, seed, fold)
                for seed in run.finished_seeds(model)
                for fold in range(run.config.folds)
            ]
            for model in run.config.models
            if model in wanted
        }
        return cls(best, run, data, networks)

    @property
    def size(self) -> int:
        """How many networks there are."""
        return sum(map(len, self.networks.values()))

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Images uint8 (N, 96, 96) to keypoints float (N, 15, 2), both in pixels.

        As the first annotator would label them, by what would predict the test set.
        """
        faces = unlabelled(images)
        views = [
            np.mean([predict(network, faces, recipe.views) for network in self.networks[model]], 0)
            for model, recipe in self.run.config.models.items()
            if model in self.networks
        ]
        return self.line.entry.blend(np.moveaxis(np.concatenate(views), 0, -1))

    @property
    def usual(self) -> np.ndarray:
        """Mean keypoints (15, 2) in pixels of the faces it was trained on that have all."""
        train = self.data.train
        complete = train.keypoints[train.labelled.all(axis=1) & (train.annotator == ANNOTATORS[0])]
        if not len(complete):
            raise UserError(
                f"{self.run.config.data}: expected a training face with all 15 keypoints, by which "
                "to frame others; found none. Pass WHOLE=1 and images that are framed already."
            )
        return complete.mean(axis=0)
