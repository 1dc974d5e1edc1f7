"""What a search may change in a recipe, and between which values."""

from __future__ import annotations

from dataclasses import asdict
from functools import reduce
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.distributions import CategoricalDistribution as OneOf
from optuna.distributions import FloatDistribution as Float
from optuna.distributions import IntDistribution as Int

from kfold.recipe import Recipe
from kfold.validate import validated

SPACE: dict[str, BaseDistribution] = {
    "shape.stem": Int(16, 40, step=8),
    "shape.stem_kernel": OneOf((3, 5, 7)),
    "shape.widths.0": Int(32, 80, step=16),
    "shape.widths.1": Int(64, 160, step=32),
    "shape.widths.2": Int(96, 224, step=32),
    "shape.blocks.0": Int(1, 3),
    "shape.blocks.1": Int(1, 3),
    "shape.blocks.2": Int(1, 3),
    "shape.kernel": OneOf((3, 5)),
    "shape.padding": OneOf(("zeros", "mirror")),
    "shape.pooling": OneOf(("average", "max", "stride")),
    "shape.decoder": Int(32, 80, step=16),
    "shape.dropout": Float(0.0, 0.3, step=0.1),
    "shape.batch_norm": OneOf((False, True)),
    "loss": OneOf(("huber", "wing", "mse")),
    "policy": OneOf(("flip", "light", "standard", "strong")),
    "batch_size": OneOf((16, 32, 64)),
    "optimizer": OneOf(("muon", "adamw")),
    "learning_rate": Float(1e-3, 2e-2, log=True),
    "weight_decay": Float(3e-3, 0.3, log=True),
    "ema": OneOf((0.0, 0.98, 0.995)),
    "map_weight": Float(0.0, 0.5, step=0.1),
}
"""Fields of a recipe, those of its shape after a dot, and of its tuples by position.

The share of coarse epochs is none of them: whatever is compared within a training has seen as many
small faces as the others."""

MOST_WORK = 1.1
"""Times the multiplications of the recipe that a search starts from. The space's corners take 12
times as many: they would win by time that a longer training of any recipe could have had."""


def scored_within(recipe: Recipe) -> bool:
    """Whether a training's scores tell, before its end, what will predict.

    Averaged weights get their batch norm statistics after the last epoch only.
    """
    return not (recipe.ema and recipe.shape.batch_norm)


def params_of(recipe: Recipe) -> dict[str, Any]:
    """Where in the space a recipe is."""
    values = asdict(recipe)
    return {name: reduce(_inside, name.split("."), values) for name in SPACE}


def recipe_at(params: dict[str, Any], base: Recipe) -> Recipe:
    """The recipe at a place in the space; what the space leaves alone is as in `base`."""
    values = _lists(asdict(base))
    for name, value in params.items():
        *path, last = name.split(".")
        _set(reduce(_inside, path, values), last, value)
    return validated(Recipe, values, "search space")


def _inside(values: Any, key: str) -> Any:
    return values[key] if isinstance(values, dict) else values[int(key)]


def _set(values: Any, key: str, value: Any) -> None:
    values[key if isinstance(values, dict) else int(key)] = value


def _lists(values: Any) -> Any:
    """With lists, which may be changed, for tuples."""
    if isinstance(values, dict):
        return {name: _lists(value) for name, value in values.items()}
    return list(values) if isinstance(values, tuple) else values
