"""A function that a user's file declares, and its options."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, make_dataclass
from functools import cached_property
from typing import Any, get_type_hints

from data.system.errors import UserError
from kfold.config.validation import STRICT, validated

ARGUMENTS = {
    "network": ("inputs",),
    "loss": ("target", "prediction"),
    "policy": (),
    "optimizer": ("recipe", "steps"),
}
"""Positional arguments of each kind of function."""


@dataclass(frozen=True)
class Function:
    """A declared function.

    Attributes:
        part: the field of a recipe that may name it.
        call: the function.
    """

    part: str
    call: Callable[..., Any]

    @property
    def name(self) -> str:
        """The name that recipes use."""
        return self.call.__name__

    @property
    def line(self) -> int:
        """Line of its decorator in the file, from 1."""
        return inspect.unwrap(self.call).__code__.co_firstlineno

    @cached_property
    def options(self) -> type:
        """A dataclass of its keyword options, with their annotations and defaults.

        Raises:
            UserError: an option has no annotation or a mutable default, or the positional
                arguments are others than those of its kind.
        """
        parameters = list(inspect.signature(self.call).parameters.values())
        positional = [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]
        expected = ARGUMENTS[self.part]
        variable = any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters)
        if variable or len(positional) != len(expected):
            raise UserError(
                f"{self.part} {self.name!r}: expected the arguments ({', '.join(expected)}) and, "
                f"after a *, options by name, found ({', '.join(map(str, parameters))})."
            )
        hints = get_type_hints(self.call, include_extras=True)
        fields: list[Any] = []
        for option in parameters[len(expected) :]:
            if option.name not in hints:
                raise UserError(
                    f"{self.part} {self.name!r}: expected an annotation for the option "
                    f"{option.name!r}, such as `{option.name}: int = 32`, found none."
                )
            if type(option.default).__hash__ is None:
                raise UserError(
                    f"{self.part} {self.name!r}: expected a default that cannot change, such as a "
                    f"tuple, for the option {option.name!r}, found {option.default!r:.80}."
                )
            default = {} if option.default is option.empty else {"default": option.default}
            fields.append((option.name, hints[option.name], field(**default)))
        namespace = {"__pydantic_config__": STRICT | {"validate_default": True}}
        return make_dataclass(f"{self.name}_options", fields, kw_only=True, namespace=namespace)

    def values(self, options: Mapping[str, Any], where: str) -> dict[str, Any]:
        """Those of the options that this function takes, checked, and defaults for the others.

        Raises:
            UserError: a value does not fit its annotation, or a needed one is missing.
        """
        own = {name: value for name, value in options.items() if name in self.names}
        return asdict(validated(self.options, own, where))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its options."""
        return tuple(self.options.__dataclass_fields__)  # type: ignore[attr-defined]
