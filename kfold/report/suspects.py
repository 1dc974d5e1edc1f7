"""Training labels that are probably wrong, worst first, with the reason.

A label is compared with the out-of-fold prediction of its keypoint, which never saw it, in units of
the distance that is usual for that keypoint and annotator. What is far off is then explained: sides
exchanged, the whole row moved, single points, another label of the same photograph.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.atomic import write_text
from data.competition import ANNOTATORS, KEYPOINTS, MIRROR
from data.faces import Faces
from kfold.report.repeats import same_annotator_pairs
from kfold.score import squared_errors

UNUSUAL = 6.0
"""A label so many usual distances away is suspicious: the usual one is the median, so for errors
alike in x and y this is seven standard deviations."""

SWAP_GAIN = 0.3
"""Sides were exchanged if exchanging them leaves less than this share of the row's error."""

SPREAD = 0.5
"""A row was moved as a whole if its points stray from their mean move by less than this share."""

HEADER = ("rank", "row", "keypoint", "action", "x", "y", "annotator", "score", "reason")


@dataclass(frozen=True)
class Suspect:
    """A training row with labels that are probably wrong.

    Attributes:
        row: its index.
        score: of its worst label: distance from the prediction in usual distances.
        keypoints: indices of the labels in question; empty for the whole row.
        reason: for a person to read.
        corrected: float (15, 2) in px, the row's labels with left and right exchanged if that
            explains them, else None.
    """

    row: int
    score: float
    keypoints: tuple[int, ...]
    reason: str
    corrected: np.ndarray | None = None


@dataclass(frozen=True)
class _Evidence:
    """How far the labels of N rows are from their predictions.

    Attributes:
        keypoints: float (N, 15, 2), the labels in px.
        steps: float (N, 15, 2), label minus prediction in px.
        distance: float (N, 15), the length of the steps.
        unusual: float (N, 15), the same in usual distances.
        swapped: float (N,), RMS distance in px of a row whose sides are exchanged.
    """

    keypoints: np.ndarray
    steps: np.ndarray
    distance: np.ndarray
    unusual: np.ndarray
    swapped: np.ndarray


def rank_suspects(
    faces: Faces, prediction: np.ndarray, identical: Sequence[np.ndarray] = ()
) -> list[Suspect]:
    """Rank the rows with suspicious labels, the most suspicious first.

    Args:
        faces: N labelled faces.
        prediction: float (N, 15, 2) in px, out-of-fold.
        identical: rows of each photograph that appears more than once.
    """
    evidence = _gather(faces, prediction)
    twins = _twins(faces, identical, evidence.distance)
    rows = np.flatnonzero((np.nan_to_num(evidence.unusual) > UNUSUAL).any(axis=1))
    suspects = [_explain(row, evidence, twins.get(row)) for row in rows.tolist()]
    return sorted(suspects, key=lambda suspect: -suspect.score)


def write_suspects(path: Path, suspects: Sequence[Suspect], faces: Faces) -> None:
    """Write suspects.csv: what to do with each suspicious row or label.

    A line without a keypoint is about its whole row. The action 'drop' takes away the label or the
    row, 'set' replaces the label by x and y, in px.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(HEADER)
    for rank, suspect in enumerate(suspects, 1):
        row, annotator = faces.ids[suspect.row], faces.annotator[suspect.row]
        for change in _changes(suspect, faces.labelled[suspect.row]):
            score = f"{suspect.score:.1f}"
            table.writerow([rank, row, *change, annotator, score, suspect.reason])
    write_text(path, text.getvalue())


def _changes(suspect: Suspect, labelled: np.ndarray) -> Iterator[tuple[str, str, str, str]]:
    """Keypoint, action, x and y of each line about a suspect; `labelled`: bool (15,)."""
    if suspect.corrected is not None:
        for k, (x, y) in enumerate(suspect.corrected):
            if np.isfinite(x):
                yield KEYPOINTS[k], "set", f"{x:.3f}", f"{y:.3f}"
            elif labelled[k]:
                yield KEYPOINTS[k], "drop", "", ""
    elif suspect.keypoints:
        for k in suspect.keypoints:
            yield KEYPOINTS[k], "drop", "", ""
    else:
        yield "", "drop", "", ""


def _gather(faces: Faces, prediction: np.ndarray) -> _Evidence:
    distance = np.sqrt(squared_errors(faces.keypoints, prediction).sum(axis=-1))
    unusual = np.full_like(distance, np.nan)
    for annotator in ANNOTATORS:
        rows = faces.annotator == annotator
        for k in range(len(KEYPOINTS)):
            labelled = rows & np.isfinite(distance[:, k])
            if labelled.any():
                usual = np.median(distance[labelled, k])
                unusual[labelled, k] = distance[labelled, k] / max(usual, 1e-6)
    swapped = squared_errors(faces.keypoints[:, MIRROR], prediction).sum(axis=-1)
    return _Evidence(
        faces.keypoints, faces.keypoints - prediction, distance, unusual, _root_mean(swapped)
    )


def _explain(row: int, evidence: _Evidence, twin: tuple[int, float] | None) -> Suspect:
    """Say what is wrong with a row; `twin` is a better label of its photograph, and how far."""
    score = float(np.nanmax(evidence.unusual[row]))
    labelled = np.isfinite(evidence.distance[row])
    far = labelled & (np.nan_to_num(evidence.unusual[row]) > UNUSUAL)
    own = float(_root_mean(evidence.distance[row] ** 2))
    move = evidence.steps[row][labelled].mean(axis=0)
    stray = _root_mean(((evidence.steps[row][labelled] - move) ** 2).sum(axis=-1))
    keypoints: tuple[int, ...] = ()
    corrected = None
    if evidence.swapped[row] < SWAP_GAIN * own:
        reason = (
            f"left and right are exchanged: as they are, labels lie {own:.1f} px from the "
            f"prediction, exchanged {evidence.swapped[row]:.1f}"
        )
        corrected = evidence.keypoints[row, list(MIRROR)]
    elif labelled.sum() > 1 and stray < SPREAD * np.hypot(*move):
        reason = f"all {labelled.sum()} labels lie {np.hypot(*move):.1f} px {_towards(move)}"
    elif far.sum() > labelled.sum() / 2:
        reason = f"{far.sum()} of {labelled.sum()} labels are far off, {own:.1f} px on average"
    else:
        keypoints = tuple(np.flatnonzero(far).tolist())
        each = (f"{KEYPOINTS[k]} {evidence.distance[row, k]:.1f} px" for k in keypoints)
        reason = f"far off: {', '.join(each).replace('_', ' ')}"
    if twin:
        reason += f"; row {twin[0]} shows the same photograph with labels {twin[1]:.1f} px away"
    return Suspect(row, score, keypoints, reason, corrected)


def _twins(
    faces: Faces, identical: Sequence[np.ndarray], distance: np.ndarray
) -> dict[int, tuple[int, float]]:
    """For a row that is labelled worse than a copy: the copy, and the largest difference in px."""
    found: dict[int, tuple[int, float]] = {}
    mean = _root_mean(distance**2)
    for pair in same_annotator_pairs(faces, identical):
        apart = np.hypot(*(faces.keypoints[pair[0]] - faces.keypoints[pair[1]]).T)
        if np.isfinite(apart).any():
            better, worse = sorted(pair, key=lambda row: mean[row])
            found[worse] = int(faces.ids[better]), float(np.nanmax(apart))
    return found


def _towards(move: np.ndarray) -> str:
    """A direction in the picture in words, of eight."""
    x, y = move / np.hypot(*move)
    words = ["below" if y > 0 else "above"] if abs(y) > 0.38 else []  # sin 22.5 degrees
    words += ["right of" if x > 0 else "left of"] if abs(x) > 0.38 else []
    return f"{' and '.join(words)} the prediction"


def _root_mean(squares: np.ndarray) -> np.ndarray:
    """Root of the mean over the last axis, of what is finite."""
    counts = np.isfinite(squares).sum(axis=-1)
    return np.sqrt(np.nansum(squares, axis=-1) / np.where(counts, counts, np.nan))
