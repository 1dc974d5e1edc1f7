"""Options of a user's functions that a search varies: those that their annotations bound."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import fields
from fractions import Fraction
from typing import Annotated, Any, Literal, get_args, get_origin

from optuna.distributions import BaseDistribution
from optuna.distributions import CategoricalDistribution as OneOf
from optuna.distributions import FloatDistribution as Float
from optuna.distributions import IntDistribution as Int

from data.system.errors import UserError
from kfold.config.recipe import BUILT_IN, OptionValue, Part, Recipe
from kfold.custom.function import Function
from kfold.custom.resolve import declared, located_at

LOG_RATIO = 10
"""Floats whose positive bounds differ by this factor or more are drawn on a log scale."""

Distributions = dict[str, BaseDistribution]


def bounded_options(recipe: Recipe) -> tuple[dict[str, OptionValue], Distributions]:
    """Values of a recipe's bounded options, defaults included, and their distributions; by name.

    Runs the user's file.

    Raises:
        UserError: a value is outside its range, or two functions have the same option.
    """
    options: dict[str, OptionValue] = {}
    found: Distributions = {}
    functions = {
        part: declared(recipe, part)
        for part, built_in in BUILT_IN.items()
        if recipe.named(part) not in built_in
    }
    for part, function in functions.items():
        with located_at(recipe, part):
            drawn = {each.name: distribution(each.type) for each in fields(function.options)}
            own = {name: values for name, values in drawn.items() if values}
            _refuse_shared(own, functions)
            where = f"options of {part} {function.name!r}"
            values = function.values(recipe.options, where)
            options |= {name: values[name] for name in own}
            function.values(recipe.options | options, where)  # checks the defaults, too
        found |= own
    return options, found


def _refuse_shared(names: Iterable[str], functions: dict[Part, Function]) -> None:
    """Refuse to search an option that two functions have, as both would get the same value."""
    for name in names:
        owners = [f"{part} {each.name!r}" for part, each in functions.items() if name in each.names]
        if len(owners) > 1:
            raise UserError(
                f"option {name!r}: expected it in one function, as a search gives each option one "
                f"value, found it in {' and '.join(owners)}. Rename one of them."
            )


def distribution(annotation: Any) -> BaseDistribution | None:
    """The values that a search draws for an option; None if its annotation does not bound it.

    An option is bounded by `bool`, by a `Literal` of texts, numbers, True and False, and by two
    bounds of `annotated_types` around an int or a float: `Annotated[int, Ge(8), Le(64)]`. A
    `MultipleOf` is the step between values. `Gt` and `Lt` leave out the bound itself. An option
    that may be None is not bounded.
    """
    kind, *metadata = get_args(annotation) if get_origin(annotation) is Annotated else [annotation]
    if kind is bool:
        return OneOf((False, True))
    if get_origin(kind) is Literal:
        return _choices(get_args(kind))
    return _numbers(kind, metadata) if kind in (int, float) else None


def _choices(values: Sequence[Any]) -> OneOf | None:
    drawn = len(values) > 1 and all(isinstance(at, bool | int | float | str) for at in values)
    return OneOf(values) if drawn else None


def _numbers(kind: type, metadata: Sequence[Any]) -> Int | Float | None:
    """A range with at least two numbers; None without a bound on either side."""
    lows, highs = _given(metadata, "ge"), _given(metadata, "le")
    lows += [math.nextafter(at, math.inf) for at in _given(metadata, "gt")]
    highs += [math.nextafter(at, -math.inf) for at in _given(metadata, "lt")]
    low, high = max(lows, default=-math.inf), min(highs, default=math.inf)
    if not (math.isfinite(low) and math.isfinite(high)):
        return None
    step: Any = next(iter(_given(metadata, "multiple_of")), 1 if kind is int else None)
    if step:
        low, high = _multiples(low, high, step)
    if low >= high:
        return None
    if kind is int:
        return Int(int(low), int(high), step=step)
    # The smallest number above Gt(0) is no scale.
    log = not step and low >= sys.float_info.min and high >= LOG_RATIO * low
    return Float(low, high, step=step, log=log)


def _given(metadata: Sequence[Any], name: str) -> list[Any]:
    """The values of `Ge`, `Interval` and others that have this attribute."""
    return [at for each in metadata if (at := getattr(each, name, None)) is not None]


def _multiples(low: Any, high: Any, step: Any) -> tuple[Any, Any]:
    """The first and the last multiple of a step within bounds, by the decimals as written."""
    low, high, unit = (Fraction(str(number)) for number in (low, high, step))
    kind = type(step)
    return kind(math.ceil(low / unit) * unit), kind(math.floor(high / unit) * unit)
