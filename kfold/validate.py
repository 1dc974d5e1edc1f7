"""Values from a JSON file as a dataclass, or a message that says which of them is wrong."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from data.errors import UserError

STRICT: dict[str, Any] = {"extra": "forbid", "strict": True, "allow_inf_nan": False}
"""For `__pydantic_config__` of dataclasses that are read from files."""

Kind = TypeVar("Kind")


def validated(kind: type[Kind], values: object, where: str) -> Kind:
    """The dataclass that JSON `values` stand for.

    Args:
        kind: a dataclass; annotations tell what each field may be, dataclasses in it included.
        values: as `json.loads` gives them.
        where: they are from, for the message.

    Raises:
        UserError: a field is unknown, missing or not what it should be; all such are named.
    """
    from pydantic import TypeAdapter, ValidationError

    try:
        # As JSON, whose lists may stand for tuples, while no text stands for a number.
        return TypeAdapter(kind).validate_json(json.dumps(values))
    except ValidationError as error:
        faults = [_describe(fault) for fault in error.errors()]
    raise UserError(f"{where}: {'; '.join(faults)}.")


def read_json(path: Any) -> Any:
    """What a JSON file says.

    Raises:
        UserError: there is no such file, or it is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError):
        raise UserError(f"{path}: expected a JSON file, found none.") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: expected JSON, found a file that is no text.") from None
    except json.JSONDecodeError as error:
        line = f"line {error.lineno}, column {error.colno}"
        raise UserError(f"{path}, {line}: expected JSON, found: {error.msg}.") from None


def _describe(fault: Any) -> str:
    name = ".".join(map(str, fault["loc"])) or "the file"
    if fault["type"] == "unexpected_keyword_argument":
        return f"{name}: there is no such field"
    if fault["type"] in ("missing", "missing_argument"):
        return f"{name}: expected a value, found none"
    expected = fault["msg"].removeprefix("Input should be ")
    return f"{name}: expected {expected}, found {json.dumps(fault['input'])}"
