"""The leaderboard as the page shows it: sortable cells, and fold scores as dots on one axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from kfold.leaderboard.line import Line

PLOT_WIDTH, MARGIN = 170, 7
"""Of the plot in each row, in CSS pixels."""

FAR_BEHIND = 1.2
"""Lines whose RMSE is so many times the best one do not widen the axis, which others need."""


@dataclass(frozen=True)
class TableCell:
    """A number in the table.

    Attributes:
        text: as shown.
        value: to sort by; NaN goes last.
        note: smaller, below the number.
    """

    text: str
    value: float
    note: str = ""


@dataclass(frozen=True)
class RmseAxis:
    """Maps RMSE from `low` to `high`, in pixels of a face, to the plot's width."""

    low: float
    high: float

    def x(self, rmse: float) -> float | None:
        """Position from 0 to `PLOT_WIDTH`; None outside the axis."""
        if not self.low <= rmse <= self.high:
            return None
        share = (rmse - self.low) / max(self.high - self.low, 1e-9)
        return round(MARGIN + share * (PLOT_WIDTH - 2 * MARGIN), 1)

    def clipped(self, rmse: float) -> float:
        """Position from 0 to `PLOT_WIDTH`; the end of the axis for values beyond it."""
        return self.x(min(max(rmse, self.low), self.high)) or 0.0


def rmse_axis(lines: Sequence[Line]) -> RmseAxis:
    """An axis that covers folds and intervals of all lines not far behind the best."""
    near = [line for line in lines if line.capped.rmse < FAR_BEHIND * lines[0].capped.rmse]
    values = [v for line in near for v in (*line.fold_rmse, *line.interval)]
    return RmseAxis(min(values), max(values))


def column_names(lines: Sequence[Line]) -> list[str]:
    """Headings to the right of name, RMSE and plot."""
    names = ["gap", "annotator 1", "annotator 2", "trusted", "all labels"]
    if not math.isnan(lines[0].corrected):
        names.insert(1, "corrected")
    if any(len(line.entry.seed_rmse) > 1 for line in lines):
        names.append("one seed")
    if any(line.rank for line in lines):
        names.append("rank")
    return [*names, "images/s", "minutes", "parameters"]


def table_cells(line: Line, names: Sequence[str], teams: int) -> list[TableCell]:
    """Cells of a line in the columns `names`; ranks are among so many teams."""
    gap = line.gap
    spread = "" if math.isnan(line.seed_deviation) else f"± {line.seed_deviation:.3f}"
    one, two = line.capped.by_annotator
    cells = {
        "gap": TableCell(f"+{gap.mean:.3f}", gap.mean, f"{gap.low:+.3f} to {gap.high:+.3f}"),
        "annotator 1": _number(one, 3),
        "annotator 2": _number(two, 3),
        "all labels": _number(line.score.rmse, 3, f"{line.score.low:.2f} to {line.score.high:.2f}"),
        "trusted": _number(line.trusted, 3),
        "corrected": _number(line.corrected, 3),
        "one seed": _number(line.one_seed, 3, spread),
        "rank": TableCell(f"{line.rank}", line.rank or math.nan, f"of {teams}"),
        "images/s": _number(line.entry.images_per_second or math.nan, 0),
        "minutes": _number(line.entry.minutes or math.nan, 1),
        "parameters": _number(line.entry.parameters or math.nan, 0),
    }
    if not (gap.low or gap.high):
        cells["gap"] = TableCell("best", 0.0)
    return [cells[name] for name in names]


def _number(value: float, digits: int, note: str = "") -> TableCell:
    if math.isnan(value):
        return TableCell("-", value)
    return TableCell(f"{value:,.{digits}f}", value, note)
