"""Whole cross-validations by name: each docstring says the command, its cost and its score."""

from __future__ import annotations

from dataclasses import dataclass, replace

from augment.policies import policy_named
from data.errors import UserError
from kfold.recipe import MODELS, Recipe, recipe_of


@dataclass(frozen=True)
class Preset:
    """What to train.

    Attributes:
        models: recipes by model name.
        folds: how many folds.
        seeds: trainings of each model on each fold.
    """

    models: dict[str, Recipe]
    folds: int = 5
    seeds: int = 1


QUICK = Preset({"heatmap": replace(MODELS["heatmap"], epochs=6)})
"""`make cv PRESET=quick`: one network a fold. On FaceBench out-of-fold RMSE 2.37, trusted 1.36 (the
constant: 4.79 and 4.38), in 14 minutes on two cores that other work shared at first."""

STANDARD = Preset({"heatmap": replace(MODELS["heatmap"], epochs=40)})
"""`make cv`: the same network, trained longer. Time and score over five folds are not measured yet;
at the 200 images/s of two cores, 700,000 images should take about an hour."""

DEMO = Preset({"heatmap": replace(MODELS["heatmap"], epochs=8)}, folds=2)
"""`make demo`: out-of-fold RMSE 1.78 on rendered faces (mean of the labels: 4.37), 1.6 minutes of
training on two cores."""

PRESETS = {"quick": QUICK, "standard": STANDARD, "demo": DEMO}


def preset_of(name: str) -> Preset:
    """The preset called `name`.

    Raises:
        UserError: no such preset.
    """
    if name not in PRESETS:
        raise UserError(f"unknown preset {name!r}: expected one of {', '.join(PRESETS)}.")
    return PRESETS[name]


def with_overrides(
    preset: Preset,
    models: tuple[str, ...] = (),
    folds: int | None = None,
    seeds: int | None = None,
    epochs: int | None = None,
    policy: str | None = None,
) -> Preset:
    """Replace what is given: models by name, and folds, seeds, epochs and policy of all of them.

    Raises:
        UserError: an unknown model or policy, or a count below 1.
    """
    for name, value in {"folds": folds, "seeds": seeds, "epochs": epochs}.items():
        if value is not None and value < 1:
            raise UserError(f"{name}: expected at least 1, found {value}.")
    recipes = {name: recipe_of(name) for name in models} if models else preset.models
    if models:
        # A model that the preset trains is trained the preset's way.
        recipes = {name: preset.models.get(name, recipe) for name, recipe in recipes.items()}
    return Preset(
        {name: _changed(recipe, epochs, policy) for name, recipe in recipes.items()},
        folds or preset.folds,
        seeds or preset.seeds,
    )


def _changed(recipe: Recipe, epochs: int | None, policy: str | None) -> Recipe:
    if policy is not None:
        policy_named(policy)  # refuses an unknown one before anything is made
    return replace(recipe, epochs=epochs or recipe.epochs, policy=policy or recipe.policy)
