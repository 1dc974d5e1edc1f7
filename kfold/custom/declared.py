"""What a user's file declares."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field

from kfold.config.recipe import BUILT_IN, MODELS, Part, Recipe
from kfold.custom.function import Function


@dataclass
class Declared:
    """What a file declares.

    Attributes:
        functions: by the field of a recipe that names them, then by name.
        models: recipes by name.
    """

    functions: dict[Part, dict[str, Function]] = field(
        default_factory=lambda: {part: {} for part in BUILT_IN}
    )
    models: dict[str, Recipe] = field(default_factory=dict)

    @property
    def known(self) -> dict[str, Recipe]:
        """Recipes that a model may start from."""
        return MODELS | self.models


declaring: ContextVar[Declared | None] = ContextVar("declaring", default=None)
"""What the file that is being loaded has declared so far."""
