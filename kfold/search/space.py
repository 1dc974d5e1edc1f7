"""The search space: fields of a recipe, and the values that each may take."""

from __future__ import annotations

from dataclasses import asdict
from functools import reduce
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.distributions import CategoricalDistribution as OneOf
from optuna.distributions import FloatDistribution as Float
from optuna.distributions import IntDistribution as Int

from kfold.config.recipe import Recipe
from kfold.config.validation import validated

SPACE: dict[str, BaseDistribution] = {
    "architecture.stem_width": Int(16, 40, step=8),
    "architecture.stem_kernel": OneOf((3, 5, 7)),
    "architecture.stage_widths.0": Int(32, 80, step=16),
    "architecture.stage_widths.1": Int(64, 160, step=32),
    "architecture.stage_widths.2": Int(96, 224, step=32),
    "architecture.stage_blocks.0": Int(1, 3),
    "architecture.stage_blocks.1": Int(1, 3),
    "architecture.stage_blocks.2": Int(1, 3),
    "architecture.block_kernel": OneOf((3, 5)),
    "architecture.decoder_width": Int(32, 80, step=16),
    "architecture.dropout": Float(0.0, 0.3, step=0.1),
    "architecture.batch_norm": OneOf((False, True)),
    "loss": OneOf(("huber", "mse")),
    "policy": OneOf(("flip", "light", "standard", "strong")),
    "batch_size": OneOf((16, 32, 64)),
    "optimizer": OneOf(("muon", "adamw")),
    "learning_rate": Float(1e-3, 2e-2, log=True),
    "weight_decay": Float(3e-3, 0.3, log=True),
    "heatmap_weight": Float(0.0, 0.5, step=0.1),
}
"""Distributions by field of a recipe; nested fields and tuple elements follow after a dot.

`low_res_share` is not searched: trials are compared within a training, so all of them must have
trained on the same number of low-resolution images."""

MAX_COST = 1.1
"""Largest multiply-adds of a trial's network, relative to the reference. The largest network of the
space costs 12 times as much: it would win by time that longer training of any recipe could use."""


def params_of(recipe: Recipe) -> dict[str, Any]:
    """Parameters of a recipe, by the names in `SPACE`."""
    values = asdict(recipe)
    return {name: reduce(_inside, name.split("."), values) for name in SPACE}


def recipe_at(params: dict[str, Any], base: Recipe) -> Recipe:
    """The recipe with these parameters; fields outside the space stay as in `base`."""
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
    """Nested values with lists, which can be changed, instead of tuples."""
    if isinstance(values, dict):
        return {name: _lists(value) for name, value in values.items()}
    return list(values) if isinstance(values, tuple) else values
