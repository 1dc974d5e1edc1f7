"""Try a recipe with functions of the user's for one step on a few faces, before it is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from kfold.models import backend  # noqa: F401  isort: skip
import keras
from keras import ops

from data.competition import IMAGE_SIZE, KEYPOINTS, SECOND_ANNOTATOR
from data.faces import Faces
from data.system.errors import UserError
from kfold.config.recipe import BUILT_IN, Part, Recipe
from kfold.custom.policies import check_policy_of
from kfold.custom.resolve import located_at
from kfold.models.keypoint_model import KeypointModel
from kfold.models.losses import loss_of
from kfold.models.registry import build_model
from kfold.training.optimizer import build_optimizer
from kfold.training.trainer import DivergedError, Trainer, predict

_FACES = 4
_TRAINED: tuple[Part, ...] = ("loss", "network", "optimizer", "policy")
_HINTS: dict[str, str] = {
    "network": "on images of noise",
    "loss": "where labels are missing: their targets are NaN, which "
    "`kfold.models.losses.residuals` leaves out",
}


def try_recipe(recipe: Recipe) -> None:
    """Build, train for a step, save, load and predict as a training does.

    Raises:
        UserError: something fails, or is no finite number; names the line of the user's file.
    """
    keras.backend.clear_session()
    keras.utils.set_random_seed(0)
    faces, tried = _noise(), replace(recipe, epochs=1, batch_size=_FACES)
    check_policy_of(recipe)
    model = build_model(recipe)
    _check_finite(recipe, "network", lambda: predict(model, faces))
    _check_finite(recipe, "loss", lambda: _loss(recipe, faces))
    for share in {0.0, float(recipe.low_res_share > 0)}:
        _train(replace(tried, low_res_share=share), model, faces)
    build_optimizer(tried, 1)  # refuses the one that has just trained
    _check_reload(recipe, model, faces)


def _noise() -> Faces:
    """Faces of noise, two by each annotator, with missing labels."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (_FACES, IMAGE_SIZE, IMAGE_SIZE)).astype(np.uint8)
    keypoints = rng.uniform(20, 75, (_FACES, len(KEYPOINTS), 2)).astype(np.float32)
    annotator = np.array([1, 1, 2, 2], np.int8)
    others = np.setdiff1d(range(len(KEYPOINTS)), SECOND_ANNOTATOR)
    keypoints[np.ix_(annotator == 2, others)] = np.nan
    return Faces(images, keypoints, np.arange(_FACES), annotator)


def _loss(recipe: Recipe, faces: Faces) -> np.ndarray:
    """The loss of predicting the image's centre.

    Raises:
        UserError: it is no scalar.
    """
    centre = ops.full(faces.keypoints.shape, IMAGE_SIZE / 2)
    found = ops.convert_to_numpy(loss_of(recipe)(ops.array(faces.keypoints), centre))
    if found.shape or found.dtype == object:
        what = f"the shape {found.shape}" if found.shape else f"{found.item()!r:.80}"
        raise UserError(
            f"loss {recipe.loss!r}: expected a scalar, the mean over the labels of the batch, "
            f"found {what}."
        )
    return found


def _check_finite(recipe: Recipe, part: Part, compute: Callable[[], np.ndarray]) -> None:
    """Check the numbers that a function of the user's makes."""
    if recipe.named(part) in BUILT_IN[part]:
        return
    with located_at(recipe, part):
        found = compute()
        if not np.isfinite(found).all():
            raise UserError(
                f"{part} {recipe.named(part)!r}: expected finite numbers, found "
                f"{found[~np.isfinite(found)].flat[0]} {_HINTS[part]}."
            )


def _train(recipe: Recipe, model: KeypointModel, faces: Faces) -> None:
    """Train for a step; says of a fault that none of their lines raised which functions it used."""
    parts = [part for part in _TRAINED if recipe.named(part) not in BUILT_IN[part]]
    with located_at(recipe, parts[0]):
        try:
            Trainer(model, recipe, faces, 0, 0, lambda epoch, logs: None).run(faces)
            finite = all(np.isfinite(weights).all() for weights in model.get_weights())
        except DivergedError:
            finite = False
        if not finite:
            used = ", ".join(f"{part} {recipe.named(part)!r}" for part in parts)
            raise UserError(
                f"expected finite weights after a step with {used}, found NaN or infinity. A "
                "gradient has no limit where a root or a norm is 0."
            )


def _check_reload(recipe: Recipe, model: KeypointModel, faces: Faces) -> None:
    """Check that a network that is built again is a new one, and predicts the same by its weights.

    Folds whose networks share a layer would learn each other's held-out labels.
    """
    if recipe.network in BUILT_IN["network"]:
        return
    with located_at(recipe, "network"), TemporaryDirectory() as folder:
        path = Path(folder, "tried.weights.h5")
        keras.Model(model.inputs, model.outputs).save_weights(path)
        again = build_model(recipe)
        trained = {id(variable) for variable in model.variables}
        if shared := [each.path for each in again.variables if id(each) in trained]:
            raise UserError(
                f"network {recipe.network!r}: expected new layers each time that it is built, "
                f"found {shared[0]} of the network before, whose training would go on in the next "
                "fold. Make its layers inside the function."
            )
        again.load_weights(path)
        farthest = float(np.abs(predict(again, faces) - predict(model, faces)).max())
        if not farthest < 0.01:
            raise UserError(
                f"network {recipe.network!r}: expected the same predictions from saved weights, "
                f"found some {farthest:.2f} px off: a layer has weights that Keras does not save, "
                "or the network differs each time that it is built."
            )
