"""The augmentation policy of a recipe, built in or declared by a user's file."""

from __future__ import annotations

from dataclasses import replace

from augment.policies import POLICIES, Policy
from augment.transform_check import check_policy
from data.system.errors import UserError
from kfold.config.code_file import CodeFile
from kfold.config.recipe import MODELS, Recipe
from kfold.custom.load import load
from kfold.custom.resolve import bound, located_at

FLIP = 0.5
"""Probability of the left-right flip before the transforms of a policy that is only a list."""


def policy_of(recipe: Recipe) -> Policy:
    """The policy that a recipe names.

    Raises:
        UserError: there is no policy of that name, or its function raises.
    """
    if recipe.policy in POLICIES:
        return POLICIES[recipe.policy]
    made = bound(recipe, "policy")()
    if isinstance(made, Policy):
        return made
    return Policy(flip=FLIP, transforms=tuple(made) if isinstance(made, list | tuple) else (made,))


def check_policy_of(recipe: Recipe) -> None:
    """Try the transforms of a user's policy on rendered dots.

    Raises:
        UserError: one does not carry keypoints with their pixels.
    """
    if recipe.policy not in POLICIES:
        with located_at(recipe, "policy"):
            check_policy(policy_of(recipe))


def policies_of(code: CodeFile) -> dict[str, Policy]:
    """The policies that a user's file declares, with their default options, by name.

    Raises:
        UserError: there is none, or one is refused by `check_policy_of`.
    """
    names = load(code).functions["policy"]
    if not names:
        raise UserError(f"{code.name}: expected a function with @policy, found none.")
    recipes = [replace(MODELS["heatmap"], policy=name, code=code) for name in names]
    for recipe in recipes:
        check_policy_of(recipe)
    return {recipe.policy: policy_of(recipe) for recipe in recipes}
