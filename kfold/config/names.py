"""Names of models and runs, which are names of folders."""

from __future__ import annotations

import re
from collections.abc import Collection

from data.system.errors import UserError

RESERVED_NAMES = (
    *("constant", "mean", "stack", "refined"),
    *("exported", "joined", "predicted", "review"),
)
"""Names of leaderboard lines and of folders in a run, which no model may have."""

MAX_LENGTH = 60
"""Characters of a name. File systems take 255 bytes, of which a character may take four."""

_PLAIN = re.compile(r"\w([\w.-]*[\w-])?")
_LIKE_A_FILE = re.compile(r".*\.(csv|h5|html|journal|json|lock|md|npz|sha256|txt)", re.IGNORECASE)
"""Names that end like the product's own files beside the folders of models and of runs."""


def check_name(name: str, where: str) -> None:
    """Check that a folder of this name can stand beside the product's own files.

    Args:
        name: of a run or a model.
        where: its place, for the error message.

    Raises:
        UserError: the name is too long, has other characters than letters, digits, `_`, `-` and
            `.`, or ends like a file.
    """
    if not _PLAIN.fullmatch(name) or len(name) > MAX_LENGTH:
        raise UserError(
            f"{where}: expected a plain name such as 'first', of at most {MAX_LENGTH} letters, "
            f"digits, '_', '-' and '.', found {name[:80]!r}."
        )
    if _LIKE_A_FILE.fullmatch(name):
        raise UserError(f"{where}: {name!r} looks like a file; choose another name.")


def check_model_names(names: Collection[str], where: str, joined: Collection[str] = ()) -> None:
    """Check the names of a run's models, and of predictions that are joined to it.

    Raises:
        UserError: a name is no plain one or reserved, two differ by upper and lower case only, or
            a model and joined predictions have the same.
    """
    seen: dict[str, str] = {}
    for name in (*names, *joined):
        check_name(name, where)
        if name.casefold() in RESERVED_NAMES:
            raise UserError(f"{where}: {name!r} is reserved; choose another name.")
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            raise UserError(
                f"{where}: {other!r} and {name!r} are one folder where upper and lower case do not "
                "count; choose another name."
            )
    if same := [name for name in joined if name in names]:
        raise UserError(
            f"{where}: {same[0]!r} would be the name of a model and of joined predictions; choose "
            "another name."
        )
