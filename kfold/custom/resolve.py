"""Recipes with the file that they need, and the functions that they name there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from typing import Any

from data.system.errors import UserError
from kfold.config.code_file import CodeFile
from kfold.config.recipe import BUILT_IN, Part, Recipe
from kfold.custom.declared import Declared
from kfold.custom.function import Function
from kfold.custom.load import load, located
from kfold.custom.names import check_recipe, without_unused_options


def with_code(
    recipe: Recipe, code: CodeFile | None, where: str, policy: str | None = None
) -> Recipe:
    """The recipe with the file that declares its functions, if some are not built in.

    Args:
        recipe: may bring a file of its own.
        code: the file of CODE=; None without one.
        where: the recipe's place, for the error message.
        policy: replaces that of the recipe, whose options are then left out.

    Raises:
        UserError: a name or an option does not exist, a value is out of range, or `code` is another
            text than the recipe's own.
    """
    if recipe.code and code and recipe.code != code:
        raise UserError(
            f"{where}: expected the text of {recipe.code.name} that is kept there, found another "
            f"in CODE=:\n{recipe.code.difference(code)}\nLeave out CODE=, or remove `code` there."
        )
    code = recipe.code or code
    of_file = load(code) if code else Declared()
    if policy:
        recipe = without_unused_options(replace(recipe, policy=policy), of_file)
    check_recipe(recipe, of_file, where)
    own = any(recipe.named(part) not in names for part, names in BUILT_IN.items())
    return replace(recipe, code=code if own else None)


def declared(recipe: Recipe, part: Part) -> Function:
    """The user's function that a recipe names.

    Raises:
        UserError: there is none of this name.
    """
    name = recipe.named(part)
    functions = load(recipe.code).functions[part] if recipe.code else {}
    if name not in functions:
        raise UserError(f"there is no {part} {name!r}, and no file is kept that declares it.")
    return functions[name]


@contextmanager
def located_at(recipe: Recipe, part: Part) -> Iterator[None]:
    """Raise errors inside the block as of the user's function that a recipe names.

    Raises:
        UserError: there is none of this name, or the block raised; with the file's name and line.
    """
    function = declared(recipe, part)
    assert recipe.code is not None
    with located(recipe.code, function.line):
        yield


def bound(recipe: Recipe, part: Part) -> Callable[..., Any]:
    """The user's function that a recipe names, with the recipe's options.

    What it raises is a `UserError` with the file's name and the line.
    """
    function = declared(recipe, part)
    options = function.values(recipe.options, f"options of {part} {function.name!r}")

    @wraps(function.call)
    def call(*arguments: Any) -> Any:
        with located_at(recipe, part):
            return function.call(*arguments, **options)

    return call
