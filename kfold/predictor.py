"""The trained networks of a run as one function from faces to keypoints."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from data.competition import ANNOTATORS, KEYPOINTS
from data.errors import UserError
from data.faces import Faces
from data.reader import Competition
from kfold.ensemble import ensembles
from kfold.entries import Entry
from kfold.fit import predict
from kfold.keypoint_model import KeypointModel
from kfold.leaderboard import Line
from kfold.networks import build_model
from kfold.run import Run


def best_trained(lines: list[Line]) -> Line:
    """The first line of a leaderboard that has networks.

    Raises:
        UserError: there is none.
    """
    for line in lines:
        if line.entry.trainings:
            return line
    raise UserError("expected a run with a finished model, found none. Run `make cv` again.")


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
        name: of the line.
        run: where its networks were trained.
        data: what they were trained on.
        folds: int (N,), the fold of every training row.
        models: of the line, as the leaderboard has them.
        networks: of each of these, all folds and seeds.
    """

    name: str
    run: Run
    data: Competition
    folds: np.ndarray
    models: list[Entry]
    networks: dict[str, list[KeypointModel]]

    @classmethod
    def load(cls, run: Run, data: Competition, folds: np.ndarray, lines: list[Line]) -> Predictor:
        """Load the networks of the best line that has some.

        Raises:
            UserError: no line has any.
        """
        best = best_trained(lines).entry
        models = [line.entry for line in lines if line.entry.kind == "model"]
        if best.kind == "model":
            models = [best]
        networks = {
            model.name: [
                load_network(run, model.name, seed, fold)
                for seed in run.finished_seeds(model.name)
                for fold in range(run.config.folds)
            ]
            for model in models
        }
        return cls(best.name, run, data, folds, models, networks)

    @property
    def size(self) -> int:
        """How many networks there are."""
        return sum(map(len, self.networks.values()))

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Images uint8 (N, 96, 96) to keypoints float (N, 15, 2), both in pixels.

        They take the place of the test set: what is predicted is what would be submitted.
        """
        faces = unlabelled(images)
        models = [self._seen(model, faces) for model in self.models]
        if self.name == models[0].name:
            return models[0].test
        blends = ensembles(models, self.data.train, faces, self.folds)
        return next(blend.test for blend in blends if blend.name == self.name)

    def _seen(self, model: Entry, faces: Faces) -> Entry:
        """The model with its predictions of these faces instead of the test set's."""
        views = self.run.config.models[model.name].views
        each = np.mean([predict(n, faces, views) for n in self.networks[model.name]], axis=0)
        members = zip(model.views, each, strict=True)
        return replace(
            model,
            test=each.mean(axis=0),
            views=tuple(replace(member, test=test) for member, test in members),
        )

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
