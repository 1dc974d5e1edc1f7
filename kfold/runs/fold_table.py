"""folds.csv: the annotator, group and fold of every training row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from data.faces import Faces
from data.system.atomic import write_csv
from data.system.csv_text import read_csv_text
from data.system.errors import UserError

FOLDS = "folds.csv"
COLUMNS = ("row", "annotator", "group", "fold")

_ADVICE = (
    "Restore the file, or delete it: the folds are then assigned again, and only what was held out "
    "otherwise is trained again."
)


def write_folds(folder: Path, faces: Faces, groups: np.ndarray, folds: np.ndarray) -> None:
    """Write the fold table of a run.

    Args:
        folder: of the run.
        faces: all N training faces.
        groups: int64 (N,), equal for rows that must share a fold.
        folds: int64 (N,), the fold in which each row is held out.
    """
    columns = (faces.ids, faces.annotator, groups, folds)
    write_csv(folder / FOLDS, pd.DataFrame(dict(zip(COLUMNS, columns, strict=True))))


def read_folds(folder: Path) -> pd.DataFrame | None:
    """The fold table of a run, a row per training face; None before folds are assigned.

    Raises:
        UserError: the file is damaged; names the line and column.
    """
    path = folder / FOLDS
    if not path.is_file():
        return None
    try:
        table = read_csv_text(path)
    except ValueError as error:
        raise UserError(f"{path}: expected CSV, found none ({error}). {_ADVICE}") from None
    if missing := [name for name in COLUMNS if name not in table]:
        raise UserError(f"{path}, line 1: expected the column {missing[0]}, found none. {_ADVICE}")
    for name in COLUMNS:
        wrong = table[name][~table[name].str.fullmatch(r"[0-9]{1,9}")]
        for line, text in wrong.head(1).items():
            raise UserError(
                f"{path}, line {line}, column {name}: expected a whole number, "
                f"found {text[:40]!r}. {_ADVICE}"
            )
    return table[list(COLUMNS)].astype(np.int64)


def check_folds(folder: Path, table: pd.DataFrame, faces: Faces, folds: int) -> None:
    """Check that a run's fold table is of all its training faces.

    Args:
        folder: of the run.
        table: as returned by `read_folds`.
        faces: all N training faces.
        folds: number of folds of the run.

    Raises:
        UserError: lines are missing, of other faces, or of a fold that the run does not have.
    """
    path = folder / FOLDS
    if len(table) != len(faces):
        raise UserError(
            f"{path}: expected a line for each of {len(faces)} training faces, found {len(table)}. "
            f"{_ADVICE}"
        )
    wrong = (table["row"] != faces.ids) | (table["fold"] >= folds)
    for line in table.index[wrong][:1]:
        face = faces.ids[table.index.get_loc(line)]
        raise UserError(
            f"{path}, line {line}: expected row {face} in a fold from 0 to {folds - 1}, found row "
            f"{table.at[line, 'row']} in fold {table.at[line, 'fold']}. {_ADVICE}"
        )
