"""Options that a search varies: ranges from annotations, and the faults of a user's file."""

from typing import Annotated, Literal, Optional

import pytest
from annotated_types import Ge, Gt, Interval, Le, Lt, MultipleOf
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution as OneOf
from optuna.distributions import FloatDistribution as Float
from optuna.distributions import IntDistribution as Int
from pydantic import TypeAdapter, ValidationError

from data.system.errors import UserError
from kfold.config.recipe import Recipe
from kfold.search.options import bounded_options, distribution
from tests.kfold.custom.idea import code_file

BOUNDED = [
    (Annotated[int, Ge(8), Le(64)], Int(8, 64)),
    (Annotated[int, Ge(8), Le(64), MultipleOf(8)], Int(8, 64, step=8)),
    (Annotated[int, Ge(10), Le(63), MultipleOf(8)], Int(16, 56, step=8)),
    (Annotated[int, Gt(8), Lt(64)], Int(9, 63)),
    (Annotated[int, Interval(ge=1, lt=4)], Int(1, 3)),
    (Annotated[float, Ge(0.1), Le(0.9)], Float(0.1, 0.9)),
    (Annotated[float, Ge(0.1), Le(1)], Float(0.1, 1, log=True)),
    (Annotated[float, Ge(0.1), Le(3), MultipleOf(0.1)], Float(0.1, 3, step=0.1)),
    (Annotated[float, Ge(0), Le(100)], Float(0, 100)),
    (Annotated[float, Gt(0), Lt(1)], Float(5e-324, 0.9999999999999999)),
    (bool, OneOf((False, True))),
    (Literal["sum", "mean"], OneOf(("sum", "mean"))),
    (Annotated[Literal[1, 2, 4], "cells"], OneOf((1, 2, 4))),
]
UNBOUNDED = [
    int,
    str,
    Annotated[int, Ge(3)],
    Annotated[int, Ge(3), Le(3)],
    Annotated[int, Ge(9), Le(15), MultipleOf(8)],
    Annotated[float, Ge(0), Le(float("inf"))],
    Annotated[str, Ge("a"), Le("c")],
    Optional[Annotated[int, Ge(3), Le(5)]],  # noqa: UP045  as users write it
    Annotated[int, Ge(3), Le(5)] | None,
    Literal["only"],
    Literal["sum", None],
    tuple[int, int],
]


@pytest.mark.parametrize(("annotation", "expected"), BOUNDED, ids=str)
def test_a_bounded_option_is_searched_in_its_range(annotation, expected):
    assert distribution(annotation) == expected


@pytest.mark.parametrize("annotation", UNBOUNDED, ids=str)
def test_another_option_is_not_searched(annotation):
    assert distribution(annotation) is None


@given(st.integers(-40, 40), st.integers(0, 40), st.sampled_from([1, 3, 8]), st.booleans())
def test_a_range_is_what_the_check_of_a_recipe_accepts(low, width, step, is_open):
    ends = (Gt(low), Lt(low + width)) if is_open else (Ge(low), Le(low + width))
    annotation = Annotated[int, *ends, MultipleOf(step)]
    allowed = [at for at in range(low - step, low + width + step + 1) if _accepts(annotation, at)]
    found = distribution(annotation)
    assert found == (Int(allowed[0], allowed[-1], step=step) if len(allowed) > 1 else None)


def _accepts(annotation, value):
    try:
        return TypeAdapter(annotation).validate_python(value) == value
    except ValidationError:
        return False


TEXT = """\
from typing import Annotated, Literal
from annotated_types import Ge, Le
from kfold.custom import loss, policy

@loss
def absolute(target, prediction, *, power: Annotated[float, Ge(0.5), Le(4)] = 1.0, least: int = 0):
    pass

@policy
def gentle(*, turn: Annotated[float, Ge(0), Le(30)] = 5.0, shape: Literal["disc", "box"] = "box"):
    pass
"""


def recipe(text=TEXT, **options):
    code = code_file(text, "mine.py")
    return Recipe("heatmap", 3, loss="absolute", policy="gentle", options=options, code=code)


def test_options_have_the_values_of_the_recipe_or_the_defaults():
    options, ranges = bounded_options(recipe(turn=8.0, least=2))
    assert options == {"power": 1.0, "turn": 8.0, "shape": "box"}
    assert ranges == {
        "power": Float(0.5, 4),
        "turn": Float(0, 30),
        "shape": OneOf(("disc", "box")),
    }


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("] = 1.0", "] = 5.0", r"mine.py, line 5: options of loss 'absolute': power: .* 5.0"),
        ("] = 1.0", "] = None", r"mine.py, line 5: options of loss 'absolute': power: .* null"),
        ('"box"] = "box"', '"box"] = "cross"', r"line 9: .*shape: expected 'disc' or 'box', fo"),
        ("least: int", "turn: float", r"'turn': .* loss 'absolute' and policy 'gentle'. Renam"),
        ("Le(30)", "Le('30')", r"mine.py, line 9: .*Error"),
    ],
)
def test_a_fault_is_said_with_its_line(old, new, message):
    assert TEXT.count(old) == 1
    with pytest.raises(UserError, match=message):
        bounded_options(recipe(TEXT.replace(old, new)))
