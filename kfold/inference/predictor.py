"""The best entry of a run as a function from images to keypoints."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from kfold.models import backend  # noqa: F401  isort: skip
from data.competition import ANNOTATORS, KEYPOINTS
from data.faces import Faces
from data.system.errors import UserError
from kfold.config.recipe import Recipe
from kfold.leaderboard.leaderboard import Leaderboard
from kfold.leaderboard.line import Line
from kfold.models.keypoint_model import KeypointModel
from kfold.models.registry import build_model
from kfold.runs.open_run import OpenRun
from kfold.runs.run import Run
from kfold.runs.run_config import CONFIG
from kfold.runs.training_files import trained_weights
from kfold.training.trainer import predict
from kfold.training.tta import TTA, View


def load_network(run: Run, model: str, seed: int, fold: int) -> KeypointModel:
    """Build one network of a run and load its trained weights.

    Raises:
        UserError: the weights were deleted, or are of another network.
    """
    network = _float32_network(run.config.models[model])
    load_weights(network, run.fold_folder(model, seed, fold))
    return network


def load_weights(network: KeypointModel, folder: Path) -> None:
    """Load the weights of a training into the network of its recipe.

    Raises:
        UserError: the weights were deleted, or are of another network.
    """
    path = trained_weights(folder)
    with suppress(UserWarning, ValueError), warnings.catch_warnings():
        warnings.simplefilter("error")  # Keras warns where it leaves initial weights
        network.load_weights(path)
        return
    gc.collect()  # closes the file, which Keras's error keeps open
    raise UserError(
        f"{path}: expected weights of the network in {CONFIG}, found others. Restore {CONFIG}, and "
        "the package versions that it names."
    )


def unlabelled(images: np.ndarray) -> Faces:
    """Images uint8 (N, 96, 96) as faces of annotator 1, who labels all 15 keypoints; no labels."""
    count = len(images)
    missing = np.full((count, len(KEYPOINTS), 2), np.nan, np.float32)
    return Faces(images, missing, np.arange(count), np.full(count, ANNOTATORS[0], np.int8))


@dataclass(frozen=True)
class Predictor:
    """The best line of a run's leaderboard as a function from images to keypoints.

    Attributes:
        line: the best one that needs no joined predictions.
        opened: the run.
    """

    line: Line
    opened: OpenRun

    @classmethod
    def of_best(cls, leaderboard: Leaderboard) -> Predictor:
        """The predictor of the best line whose members all have networks here.

        Args:
            leaderboard: of one run.

        Raises:
            UserError: no model is finished, or weights were deleted.
        """
        (opened,) = leaderboard.runs
        predictor = cls(leaderboard.best_network, opened)
        for model in predictor.views:
            for folder in predictor._trainings(model):
                trained_weights(folder)  # before any photo is read
        return predictor

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Predict keypoints float (N, 15, 2) of images uint8 (N, 96, 96), as annotator 1 labels.

        Networks predict one after the other: all images at once are faster than image by image.
        """
        entry, faces, recipes = self.line.entry, unlabelled(images), self.opened.run.config.models
        members = np.zeros((*faces.keypoints.shape, len(entry.weights)))
        for model, views in self.views.items():
            trainings = self._trainings(model)
            for folder in trainings:
                network = self._networks[_shape(recipes[model])]
                load_weights(network, folder)
                predicted = predict(network, faces, tuple(views.values()))
                members[..., list(views)] += np.moveaxis(predicted, 0, -1) / len(trainings)
        return entry.blend(members)

    def predict_roughly(self, images: np.ndarray) -> np.ndarray:
        """Predict keypoints (N, 15, 2) by one network in one view: enough to crop by."""
        network, view = self._heaviest
        entry, (rough,) = self.line.entry, predict(network, unlabelled(images), (view,))
        # As every member: the blend also removes mean errors.
        return entry.blend(np.repeat(rough[..., None], len(entry.weights), axis=-1))

    @cached_property
    def views(self) -> dict[str, dict[int, View]]:
        """Test-time views with weight for annotator 1, by model and by place in the blend."""
        weights = self.line.entry.weights
        places = {name: place for place, name in enumerate(weights) if weights[name][0]}
        found = {
            model: {
                places[name]: view
                for view in TTA[recipe.tta]
                if (name := f"{model}, {view.name}") in places
            }
            for model, recipe in self.opened.run.config.models.items()
        }
        return {model: views for model, views in found.items() if views}

    @property
    def size(self) -> int:
        """Number of trained networks that predict."""
        return sum(len(self._trainings(model)) for model in self.views)

    @cached_property
    def _heaviest(self) -> tuple[KeypointModel, View]:
        """The view with the largest weight for annotator 1, and a network of its model."""
        run, weights = self.opened.run, list(self.line.entry.weights.values())
        members = [(place, model) for model, views in self.views.items() for place in views]
        place, model = max(members, key=lambda member: weights[member[0]][0])
        network = load_network(run, model, run.finished_seeds(model)[0], fold=0)
        return network, self.views[model][place]

    @cached_property
    def _networks(self) -> dict[Hashable, KeypointModel]:
        """One network of each shape, for the weights of all trainings of that shape.

        To build one for each training would take longer and more memory.
        """
        recipes = [self.opened.run.config.models[model] for model in self.views]
        shapes = {_shape(recipe): recipe for recipe in recipes}
        return {shape: _float32_network(recipe) for shape, recipe in shapes.items()}

    def _trainings(self, model: str) -> list[Path]:
        """Folders of a model's finished trainings."""
        run = self.opened.run
        return [
            run.fold_folder(model, seed, fold)
            for seed in run.finished_seeds(model)
            for fold in range(run.config.folds)
        ]

    @cached_property
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


def _shape(recipe: Recipe) -> Hashable:
    """Equal for recipes whose networks can hold each other's weights."""
    options = tuple(sorted(recipe.options.items()))
    return recipe.network, recipe.architecture, options, recipe.code


def _float32_network(recipe: Recipe) -> KeypointModel:
    """Build a network that predicts alike on every processor."""
    return build_model(replace(recipe, precision="float32"))
