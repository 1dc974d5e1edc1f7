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
    advice = "Restore the file, or train under another RUN=<name>."
    try:
        table = read_csv_text(path)
    except ValueError as error:
        raise UserError(f"{path}: expected CSV, found none ({error}). {advice}") from None
    if missing := [name for name in COLUMNS if name not in table]:
        raise UserError(f"{path}, line 1: expected the column {missing[0]}, found none. {advice}")
    for name in COLUMNS:
        wrong = table[name][~table[name].str.fullmatch(r"\d{1,9}")]
        for line, text in wrong.head(1).items():
            raise UserError(
                f"{path}, line {line}, column {name}: expected a whole number, "
                f"found {text[:40]!r}. {advice}"
            )
    return table[list(COLUMNS)].astype(np.int64)
