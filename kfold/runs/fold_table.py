"""folds.csv: the annotator, group and fold of every training row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from data.faces import Faces
from data.system.atomic import write_csv
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
    """Read the fold table of a run, a row per training face; None before folds are assigned.

    Raises:
        UserError: the file is damaged.
    """
    path = folder / FOLDS
    if not path.is_file():
        return None
    try:
        return pd.read_csv(path, dtype=np.int64, usecols=list(COLUMNS))
    except ValueError as error:  # pandas' parser errors and a wrong encoding included
        raise UserError(
            f"{path}: expected the columns {', '.join(COLUMNS)} with whole numbers, found "
            f"something else ({str(error).strip()}). Restore it, or train under another RUN=<name>."
        ) from None
