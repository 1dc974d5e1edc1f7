"""Folds that keep each group whole and mix the annotators evenly."""

from __future__ import annotations

import numpy as np

from data.competition import ANNOTATORS
from data.system.errors import UserError


def assign_folds(
    groups: np.ndarray, annotator: np.ndarray, folds: int, seed: int = 0
) -> np.ndarray:
    """Assign whole groups to folds so that each fold has its share of every annotator's rows.

    Args:
        groups: int64 (N,), rows with the same label share a fold.
        annotator: int8 (N,), 1 or 2.
        folds: number of folds, at least 2.
        seed: of the order in which groups are assigned.

    Returns:
        int64 (N,) in 0 .. folds - 1, the fold that each row is held out in.

    Raises:
        UserError: fewer than 2 folds, or a fold would have no row of an annotator.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    present = [a for a in ANNOTATORS if a in annotator]
    available = {a: len(np.unique(groups[annotator == a])) for a in present}
    _check_count(folds, available)
    assigned = np.empty(len(groups), np.int64)
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    for fold, (_, rows) in enumerate(splitter.split(groups, annotator, groups)):
        assigned[rows] = fold
    for a in present:
        if missing := sorted(set(range(folds)) - set(assigned[annotator == a].tolist())):
            raise UserError(
                f"folds: expected faces of annotator {a} in each of {folds} folds, found none in "
                f"fold {missing[0]}: its {available[a]} groups of faces are too unequal in size. "
                "Ask for fewer folds."
            )
    return assigned


def _check_count(folds: int, available: dict[int, int]) -> None:
    if folds < 2:
        raise UserError(f"folds: expected at least 2, found {folds}. Pass FOLDS=5.")
    rarer = min(available, key=lambda a: available[a])
    most = available[rarer]
    if folds > most:
        advice = f"Pass FOLDS={most} or fewer." if most > 1 else "More training faces are needed."
        raise UserError(
            f"folds: expected at most {most}, found {folds}: the faces of annotator {rarer} form "
            f"{most} groups (one person or photograph each), which stay whole. {advice}"
        )
