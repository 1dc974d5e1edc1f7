"""Read JSON into dataclasses, with errors that name every wrong value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from data.system.errors import UserError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

STRICT: dict[str, Any] = {"extra": "forbid", "strict": True, "allow_inf_nan": False}
"""`__pydantic_config__` of dataclasses that are read from files."""

Kind = TypeVar("Kind")


def validated(kind: type[Kind], values: object, where: str, complete: bool = False) -> Kind:
    """Convert JSON values to a dataclass.

    Args:
        kind: a dataclass, which may contain others; its annotations are checked.
        values: as returned by `json.loads`.
        where: their source, for the error message.
        complete: demand even the fields that have defaults.

    Raises:
        UserError: fields are unknown, missing or of a wrong value; all of them are named. Or a
            value is not JSON, or an annotation fits no JSON.
    """
    from pydantic import PydanticUserError, ValidationError

    try:
        # As JSON: strict validation then accepts lists for tuples, but no strings for numbers.
        text = json.dumps(values, default=partial(_refuse, where=where))
        read = _adapter(kind).validate_json(text)  # type: ignore[arg-type]
        left_out = _left_out(asdict(read), values) if complete else ()
        faults = [f"{name}: expected a value, found none" for name in left_out]
        if not faults:
            return read
    except ValidationError as error:
        faults = [_describe(fault) for fault in error.errors()]
    except PydanticUserError as error:  # of an option's annotation, such as a class of Keras
        reason = str(error).partition(". Set ")[0]
        faults = [f"expected annotations that values of JSON fit, found another: {reason}"]
    raise UserError(f"{where}: {'; '.join(faults)}.")


def _refuse(value: object, where: str) -> NoReturn:
    raise UserError(
        f"{where}: expected texts, such as the name of a function, numbers, True, False, lists or "
        f"dicts, found {value!r:.80}."
    )


def _left_out(read: Any, given: Any) -> Iterator[str]:
    """Names of the fields of a dataclass that were filled with defaults."""
    for name, value in read.items() if isinstance(read, dict) else ():
        if name not in given:
            yield name
        else:
            yield from (f"{name}.{inner}" for inner in _left_out(value, given[name]))


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    """The validator of a dataclass, which takes 20 ms to build."""
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def read_json(path: Any) -> Any:
    """Read a JSON file.

    Raises:
        UserError: there is no such file, or it is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError):
        raise UserError(f"{path}: expected a JSON file, found none.") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: expected JSON, found a file that is not UTF-8 text.") from None
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
    return f"{name}: expected {expected}, found {json.dumps(fault['input'], default=repr)}"
