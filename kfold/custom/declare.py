"""Decorators by which a user's file declares functions, and recipes that use them.

Without a loader, as in a file that is imported elsewhere, they leave the functions as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from typing import Any, TypeVar

from data.system.errors import UserError
from kfold.config.names import check_model_names
from kfold.config.recipe import BUILT_IN, Part, Recipe, derived
from kfold.config.validation import validated
from kfold.custom.declared import declaring
from kfold.custom.function import Function
from kfold.custom.names import check_recipe, without_unused_options

F = TypeVar("F", bound=Callable[..., Any])


def network(function: F) -> F:
    """Declare a network.

    The function takes `inputs`, symbolic tensors: `inputs["image"]` (B, 96, 96, 1) of gray values
    0 to 255, `inputs["annotator"]` (B,), 1 or 2, and `inputs["mirrored"]` (B,), 0 or 1. It returns
    one of

    - logits of heatmaps, (B, h, w, 19): of the 15 keypoints, then of the second annotator's four.
      A softmax over each map and its mean position make the keypoints; the annotator of the face
      chooses the maps, and a learned offset from the mirror axis is added. With (B, h, w, 15) both
      annotators share the maps. The cells cover the image evenly if h divides 96, such as 24, 48
      or 96; a further ring of cells, such as 26, lies around the image.
    - keypoints (B, 15, 2) in pixels.
    """
    return _declare("network", function)


def loss(function: F) -> F:
    """Declare a loss.

    The function maps `target` (B, 15, 2), NaN where there is no label, and `prediction` (B, 15, 2),
    both in pixels, to a scalar; `kfold.models.losses.residuals` leaves out what has no label.
    """
    return _declare("loss", function)


def policy(function: F) -> F:
    """Declare an augmentation policy.

    The function returns an `augment.policies.Policy`, or a list of albumentations transforms, which
    follow a left-right flip of every other face.
    """
    return _declare("policy", function)


def optimizer(function: F) -> F:
    """Declare an optimizer.

    The function takes the recipe and the number of training steps and returns a Keras optimizer;
    `kfold.training.optimizer.schedule` makes the learning rate of the built-in ones.
    """
    return _declare("optimizer", function)


def model(name: str, *, like: str | None = None, **fields: Any) -> None:
    """Declare a model by the fields of its `kfold.config.recipe.Recipe`.

    Args:
        name: of the model.
        like: the model that gives the fields that are left out, as `kfold.config.recipe.derived`
            says. No model takes options of functions that it does not name.
        fields: of the recipe; `options` is a dict with those of its functions.

    Raises:
        UserError: the name is taken or reserved, or a field is unknown or wrong.
    """
    declared = declaring.get()
    if declared is None:
        return
    check_model_names([name], f"model {name!r}")
    if name in declared.known:
        raise UserError(f"model {name!r}: expected another name, as there is one of this name.")
    given = {key: asdict(at) if is_dataclass(at) else at for key, at in fields.items()}  # type: ignore[arg-type]
    values = derived(given, like, declared.known, f"model {name!r}")
    recipe = validated(Recipe, values, f"model {name!r}")
    if "options" not in fields:
        recipe = without_unused_options(recipe, declared)
    check_recipe(recipe, declared, f"model {name!r}")
    declared.models[name] = recipe


def _declare(part: Part, function: F) -> F:
    declared = declaring.get()
    if declared is None:
        return function
    if not hasattr(function, "__code__"):
        raise UserError(f"@{part}: expected a function, found {function!r}.")
    name = function.__name__
    if name in BUILT_IN[part] or name in declared.functions[part]:
        raise UserError(f"{part} {name!r}: expected another name, as there is one of this name.")
    new = Function(part, function)
    new.options  # noqa: B018  raises for arguments that do not fit
    declared.functions[part][name] = new
    return function
