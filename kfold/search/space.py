"""The space of a search: fields of a recipe, options of a user's functions, and their values."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import reduce
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.distributions import CategoricalDistribution as OneOf
from optuna.distributions import FloatDistribution as Float
from optuna.distributions import IntDistribution as Int

from kfold.config.arithmetic import multiply_adds
from kfold.config.recipe import BUILT_IN, MAP_NETWORKS, Recipe
from kfold.config.validation import validated
from kfold.search.options import bounded_options

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
space costs 9 times as much: it would win by time that longer training of any recipe could use."""

DECADE = 10
"""Factor around the reference's rate, where the range in `SPACE` says nothing about it."""

LEAST_RATE, LARGEST_RATE = 1e-9, 1e3
"""Bounds of a recipe's rates."""


@dataclass(frozen=True)
class Space:
    """What a search varies.

    Attributes:
        reference: the recipe that the search starts from; what is no parameter stays as in it.
        distributions: by the name of a parameter: a field as in `SPACE`, or `options.<name>`.
    """

    reference: Recipe
    distributions: dict[str, BaseDistribution]

    @property
    def params(self) -> dict[str, Any]:
        """Parameters of the reference."""
        return {name: _value(self.reference, name) for name in self.distributions}

    def recipe_at(self, params: dict[str, Any]) -> Recipe:
        """The recipe with these parameters."""
        values = _lists(asdict(self.reference))
        for name, value in params.items():
            *path, last = name.split(".")
            _set(reduce(_inside, path, values), last, value)
        return validated(Recipe, values, "search space")

    def cost(self, recipe: Recipe) -> float | None:
        """Multiply-adds relative to the reference; None for networks that are not counted."""
        own, of_reference = multiply_adds(recipe), multiply_adds(self.reference)
        return own / of_reference if own and of_reference else None


def space_of(reference: Recipe) -> Space:
    """The space around a reference: bounded options of its functions, and fields in `SPACE`.

    Runs the user's file, and builds a network that it declares.

    Raises:
        UserError: a value is outside its range, or two functions have the same option.
    """
    options, ranges = bounded_options(reference)
    found = {f"options.{name}": values for name, values in ranges.items()}
    for name in SPACE:
        if _applies(name, reference) and (values := _values(name, reference)):
            found[name] = values
    # Defaults are written out, so that each parameter is a field of the reference.
    return Space(replace(reference, options=reference.options | options), found)


def _applies(name: str, recipe: Recipe) -> bool:
    """Whether a field in `SPACE` changes what the recipe trains."""
    if name.startswith("architecture."):
        return recipe.network in MAP_NETWORKS
    if name == "heatmap_weight":
        return _makes_maps(recipe)
    if name == "weight_decay":
        return recipe.optimizer in BUILT_IN["optimizer"]
    return name not in BUILT_IN or getattr(recipe, name) in BUILT_IN[name]


def _makes_maps(recipe: Recipe) -> bool:
    if recipe.network in BUILT_IN["network"]:
        return recipe.network in MAP_NETWORKS
    from kfold.models.registry import build_model  # imports Keras

    return "maps" in build_model(recipe).output


def _values(name: str, recipe: Recipe) -> BaseDistribution | None:
    """The values of a field, the recipe's own among them; None if it can't be."""
    values, own = SPACE[name], _value(recipe, name)
    if isinstance(values, OneOf):
        return values if own in values.choices else OneOf((*values.choices, own))
    # The range of the learning rate is that of the optimizers in `SPACE`.
    known = name != "learning_rate" or recipe.optimizer in BUILT_IN["optimizer"]
    if known and values._contains(own):  # Optuna has no public way to ask
        return values
    if isinstance(values, Float) and values.log and own:
        return Float(max(own / DECADE, LEAST_RATE), min(own * DECADE, LARGEST_RATE), log=True)
    return None


def _value(recipe: Recipe, name: str) -> Any:
    return reduce(_inside, name.split("."), asdict(recipe))


def _inside(values: Any, key: str) -> Any:
    return values[key] if isinstance(values, dict) else values[int(key)]


def _set(values: Any, key: str, value: Any) -> None:
    values[key if isinstance(values, dict) else int(key)] = value


def _lists(values: Any) -> Any:
    """Nested values with lists, which can be changed, instead of tuples."""
    if isinstance(values, dict):
        return {name: _lists(value) for name, value in values.items()}
    return list(values) if isinstance(values, tuple) else values
