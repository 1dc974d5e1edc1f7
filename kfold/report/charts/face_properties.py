"""Which faces have the largest error: by size, roll and brightness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from matplotlib.ticker import MaxNLocator

from data.competition import ANNOTATORS, EYES
from data.faces import Faces
from kfold.leaderboard.leaderboard import Leaderboard
from kfold.metrics.intervals import bootstrap_rmse, interval
from kfold.metrics.score import capped_errors
from kfold.report.charts.annotators import COLOURS, HEIGHT, WIDTH, annotator_legend
from kfold.report.charts.svg import drawing, inline

BINS = 6
"""Equally full ranges of a property."""


@dataclass(frozen=True)
class FaceProperty:
    """A number that describes a face.

    Attributes:
        name: heading of its chart.
        unit: of its axis.
        measure: from N faces and predictions (N, 15, 2) in pixels to values, float (N,).
    """

    name: str
    unit: str
    measure: Callable[[Faces, np.ndarray], np.ndarray]


def face_size(faces: Faces, prediction: np.ndarray) -> np.ndarray:
    """Distance between the predicted eye centres, in pixels; both annotators label those."""
    return np.hypot(*(prediction[:, EYES[0]] - prediction[:, EYES[1]]).T)


def face_roll(faces: Faces, prediction: np.ndarray) -> np.ndarray:
    """Angle of the line between the predicted eye centres, in degrees clockwise."""
    x, y = (prediction[:, EYES[0]] - prediction[:, EYES[1]]).T
    return np.degrees(np.arctan2(y, x))


def brightness(faces: Faces, prediction: np.ndarray) -> np.ndarray:
    """Mean gray value of the image, 0 to 255."""
    return faces.images.mean(axis=(1, 2))


PROPERTIES = (
    FaceProperty("Size", "px between the eyes", face_size),
    FaceProperty("Roll", "degrees clockwise", face_roll),
    FaceProperty("Brightness", "mean gray value", brightness),
)


def rmse_by_property(leaderboard: Leaderboard) -> list[tuple[str, Markup]]:
    """Capped RMSE against each of `PROPERTIES`: headings and charts."""
    return [(each.name, _chart(leaderboard, each)) for each in PROPERTIES]


def _chart(leaderboard: Leaderboard, of: FaceProperty) -> Markup:
    """RMSE in each of `BINS` ranges with 95% intervals, a line per annotator."""
    name = of.name.lower()
    train = leaderboard.data.train
    values = of.measure(train, leaderboard.best.entry.oof)
    with drawing(WIDTH, HEIGHT) as figure:
        panel = figure.subplots()
        parts = []
        for annotator in ANNOTATORS:
            rows = train.annotator == annotator
            if rows.sum() < 2 * BINS:
                continue
            medians, scores, ends = _binned(leaderboard, rows, values)
            bars = np.abs(np.transpose(ends) - scores)
            panel.errorbar(
                medians, scores, bars, color=COLOURS[annotator], marker="o", ms=4, lw=1.4
            )
            parts.append(f"annotator {annotator} from {scores[0]:.2f} to {scores[-1]:.2f} px")
        panel.set(xlabel=f"{name}, {of.unit}", ylabel="RMSE, px")
        panel.set_ylim(bottom=0)
        panel.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        annotator_legend(panel, loc="lower right")
        return inline(figure, name, f"RMSE from low to high {name}: {'; '.join(parts)}.")


def _binned(
    leaderboard: Leaderboard, rows: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray, list[tuple[float, float]]]:
    """Median of the property, RMSE, and its interval in each range."""
    truth, oof = leaderboard.data.train.keypoints, leaderboard.best.entry.oof
    errors = capped_errors(truth[rows], oof[rows])
    groups = leaderboard.runs[0].groups[rows]
    parts = np.array_split(np.argsort(values[rows]), BINS)
    medians = [np.median(values[rows][part]) for part in parts]
    scores = [np.sqrt(np.nanmean(errors[part])) for part in parts]
    ends = [interval(bootstrap_rmse([errors[part]], groups[part])) for part in parts]
    return np.array(medians), np.array(scores), ends
