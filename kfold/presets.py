"""Whole cross-validations by name: each docstring says the command, its cost and its score."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, cast

from annotated_types import Ge, MinLen

from augment.policies import policy_named
from data.errors import UserError
from kfold.recipe import MODELS, Count, Policy, Recipe, recipe_of
from kfold.shape import Shape
from kfold.validate import STRICT


@dataclass(frozen=True)
class Preset:
    """What to train.

    Attributes:
        models: recipes by model name.
        folds: how many folds.
        seeds: trainings of each model on each fold.
    """

    __pydantic_config__: ClassVar = STRICT

    models: Annotated[dict[str, Recipe], MinLen(1)]
    folds: Annotated[int, Ge(2)] = 5
    seeds: Count = 1


_HEATMAP = MODELS["heatmap"]

QUICK = Preset({"heatmap": replace(_HEATMAP, epochs=9, policy="light", views="four")}, folds=4)
"""`make cv PRESET=quick`: one network a fold, which `make tune` found. On FaceBench RMSE
out-of-fold 2.28, trusted 1.234 (the constant: 4.80 and 4.39), in 9:44 minutes on two cores."""

STANDARD = Preset({"heatmap": _HEATMAP})
"""`make cv`: the same network, trained longer, looking eight times. On FaceBench RMSE out-of-fold
2.21, trusted 1.133 (the constant: 4.80 and 4.40), in 52 minutes on two cores."""

_WIDE = replace(
    _HEATMAP,
    learning_rate=6e-3,
    weight_decay=0.03,
    map_weight=0.2,
    shape=Shape(widths=(48, 96, 128), blocks=(1, 2, 2), decoder=48, dropout=0.0),
)

BEST = Preset(
    {
        "heatmap_plain": replace(_WIDE, epochs=58, shape=replace(_WIDE.shape, batch_norm=False)),
        "heatmap_norm": replace(_WIDE, epochs=48),
    }
)
"""`make cv PRESET=best`: wider networks, one without batch norm and one with it; with RUN=standard
they join that preset's blend, and SEEDS= adds more of both. On FaceBench RMSE out-of-fold 2.20,
trusted 1.124 (the constant: 4.80 and 4.40), in 109 minutes on two cores."""

DEMO = Preset(
    {"heatmap": replace(_HEATMAP, epochs=8, policy="light", coarse=0.0, views="mirror")}, folds=2
)
"""`make demo`: out-of-fold RMSE 1.60, trusted 0.911, on rendered faces (mean of the labels: 4.39
and 4.17), in 1:12 minutes on two cores."""

_SHORT = QUICK.models["heatmap"]


def _reshaped(**changes: Any) -> Recipe:
    return replace(_SHORT, shape=replace(_SHORT.shape, **changes))


ABLATION = Preset(
    {
        "full": _SHORT,
        "one_head": _reshaped(annotator_heads=False),
        "no_offset": _reshaped(axis_offset=False),
        "no_dropout": _reshaped(dropout=0.0),
        # At half the rate: what suits networks without it.
        "no_batch_norm": replace(_reshaped(batch_norm=False), learning_rate=9e-3),
        "regression": replace(_SHORT, network="regression", coarse=0.0),
        "full_size": replace(_SHORT, coarse=0.0),
        "no_map_loss": replace(_SHORT, map_weight=0.0),
        "mse": replace(_SHORT, loss="mse"),
        "wing": replace(_SHORT, loss="wing"),
        "adamw": replace(_SHORT, optimizer="adamw", learning_rate=2e-3),
        "ema": replace(_SHORT, ema=0.99),
        "distrust": replace(_SHORT, distrust=8.0),
        "bfloat16": replace(_SHORT, precision="mixed_bfloat16"),
        "no_augmentation": replace(_SHORT, policy="none"),
        "strong_augmentation": replace(_SHORT, policy="strong"),
    },
    folds=2,
    seeds=2,
)
"""`make cv PRESET=ablation`: the quick preset's training on half of the rows, and what becomes of
it without one of its ingredients, or with one that it lacks. What came out is in
`notebooks/04_winning_model.py`, after 88 minutes on two cores that tests shared for thirty."""

PRESETS = {
    "quick": QUICK,
    "standard": STANDARD,
    "best": BEST,
    "demo": DEMO,
    "ablation": ABLATION,
}


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
        UserError: an unknown model or policy, or a count below 1, of folds below 2.
    """
    counts = {"folds": (folds, 2), "seeds": (seeds, 1), "epochs": (epochs, 1)}
    for name, (value, least) in counts.items():
        if value is not None and value < least:
            raise UserError(f"{name}: expected at least {least}, found {value}.")
    # A model that the preset trains is trained the preset's way.
    recipes = {name: recipe_of(name, MODELS | preset.models) for name in models}
    return Preset(
        {
            name: _changed(recipe, epochs, policy)
            for name, recipe in (recipes or preset.models).items()
        },
        folds or preset.folds,
        seeds or preset.seeds,
    )


def _changed(recipe: Recipe, epochs: int | None, policy: str | None) -> Recipe:
    if policy is not None:
        policy_named(policy)  # refuses an unknown one before anything is made
    chosen = cast(Policy, policy or recipe.policy)
    return replace(recipe, epochs=epochs or recipe.epochs, policy=chosen)
