"""Names and options of a recipe, checked against what is built in and what a file declares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from data.system.errors import UserError
from kfold.config.recipe import BUILT_IN, Recipe, check_network
from kfold.custom.declared import Declared
from kfold.custom.function import Function


def check_recipe(recipe: Recipe, declared: Declared, where: str) -> None:
    """Check the names and the options of a recipe.

    Raises:
        UserError: a name or an option does not exist, or a value is out of range.
    """
    for part, built_in in BUILT_IN.items():
        name, own = recipe.named(part), declared.functions[part]
        if name not in built_in and name not in own:
            *others, last = map(repr, (*built_in, *own))
            raise UserError(
                f"{where}.{part}: expected {', '.join(others)} or {last}, found {name!r}."
            )
    functions = _functions(recipe, declared)
    check_network(recipe, where)
    _check_option_names(recipe, functions, where)
    for function in functions:
        function.values(recipe.options, f"{where}.options of {function.part} {function.name!r}")


def without_unused_options(recipe: Recipe, declared: Declared) -> Recipe:
    """The recipe without options of functions that it does not name, as after a change of one."""
    used = {name for function in _functions(recipe, declared) for name in function.names}
    known = {
        name
        for functions in declared.functions.values()
        for function in functions.values()
        for name in function.names
    }
    kept = {name: at for name, at in recipe.options.items() if name in used or name not in known}
    return replace(recipe, options=kept)


def _functions(recipe: Recipe, declared: Declared) -> list[Function]:
    """The functions of the file that a recipe names."""
    return [
        own[recipe.named(part)]
        for part, own in declared.functions.items()
        if recipe.named(part) in own
    ]


def _check_option_names(recipe: Recipe, functions: Sequence[Function], where: str) -> None:
    """Check that each option is one of exactly one function."""
    for option in recipe.options:
        owners = [function for function in functions if option in function.names]
        if not owners:
            known = dict.fromkeys(name for function in functions for name in function.names)
            raise UserError(
                f"{where}.options: there is no option {option!r}; expected "
                f"{'some of ' if known else ''}{', '.join(known) or 'none'}."
            )
        if len(owners) > 1:
            names = " and ".join(f"{each.part} {each.name!r}" for each in owners)
            raise UserError(
                f"{where}.options: expected {option!r} to be an option of one function, found it "
                f"in {names}. Rename one of them."
            )
