"""The leaderboard as the page shows it: numbers to sort by, dots on one scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kfold.leaderboard import Line

WIDTH, MARGIN = 170, 7
"""Of the plot in a row, in px of the page."""

FAR = 1.2
"""Lines so many times worse than the best are off the scale, lest they press the others flat."""


@dataclass(frozen=True)
class Cell:
    """A number of the table.

    Attributes:
        text: as it is shown.
        value: to sort by, NaN last.
        note: smaller, below.
    """

    text: str
    value: float
    note: str = ""


@dataclass(frozen=True)
class Scale:
    """Maps RMSE, from `low` to `high` px, to the plot's width."""

    low: float
    high: float

    def x(self, rmse: float) -> float | None:
        """Place of a value from 0 to `WIDTH`; None beyond the scale."""
        if not self.low <= rmse <= self.high:
            return None
        share = (rmse - self.low) / max(self.high - self.low, 1e-9)
        return round(MARGIN + share * (WIDTH - 2 * MARGIN), 1)

    def clipped(self, rmse: float) -> float:
        """Place of a value, at the end of the scale if it is beyond."""
        return self.x(min(max(rmse, self.low), self.high)) or 0.0


def scale_of(lines: Sequence[Line]) -> Scale:
    """A scale that holds folds and intervals of all lines that are not far behind the best."""
    near = [line for line in lines if line.trusted.rmse < FAR * lines[0].trusted.rmse]
    values = [v for line in near for v in (*line.fold_rmse, line.trusted.low, line.trusted.high)]
    return Scale(min(values), max(values))


def columns(lines: Sequence[Line]) -> list[str]:
    """The headings right of name and plot."""
    names = ["to best", "annotator 1", "annotator 2", "all labels"]
    if any(len(line.seed_rmse) > 1 for line in lines):
        names.append("one seed")
    if any(line.rank for line in lines):
        names.append("rank")
    return [*names, "images/s", "minutes", "parameters"]


def cells(line: Line, names: Sequence[str]) -> list[Cell]:
    """The cells of a line below the headings `names`."""
    behind, low, high = line.behind
    speeds = [training["images_per_second"] for training in line.entry.trainings]
    speed = float(np.mean(speeds)) if speeds and line.entry.kind == "model" else math.nan
    seeds = line.seed_rmse
    spread = f"± {np.std(seeds):.3f}" if len(seeds) > 1 else ""
    one, two = line.trusted.by_annotator
    known = {
        "to best": Cell(f"+{behind:.3f}", behind, f"{low:+.3f} to {high:+.3f}"),
        "annotator 1": _number(one, 3),
        "annotator 2": _number(two, 3),
        "all labels": _number(line.score.rmse, 3, f"{line.score.low:.2f} to {line.score.high:.2f}"),
        "one seed": _number(float(np.mean(seeds)) if seeds else math.nan, 3, spread),
        "rank": Cell(f"{line.rank}", line.rank or math.nan, f"of {line.teams}"),
        "images/s": _number(speed, 0),
        "minutes": _number(line.entry.minutes or math.nan, 1),
        "parameters": _number(line.entry.parameters or math.nan, 0),
    }
    if not (low or high):
        known["to best"] = Cell("best", 0.0)
    return [known[name] for name in names]


def _number(value: float, digits: int, note: str = "") -> Cell:
    return Cell("-", value) if math.isnan(value) else Cell(f"{value:,.{digits}f}", value, note)
