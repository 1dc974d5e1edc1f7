"""One colour per annotator, and the size that charts of the error section share."""

from __future__ import annotations

from matplotlib.axes import Axes

from data.competition import ANNOTATORS
from kfold.report.charts.svg import FIRST, SECOND

COLOURS = dict(zip(ANNOTATORS, (FIRST, SECOND), strict=True))

WIDTH, HEIGHT = 4.7, 3.0
"""Inches."""


def annotator_legend(panel: Axes, **options: object) -> None:
    """Add a legend of the annotators; `options` as of matplotlib's `legend`."""
    for annotator, colour in COLOURS.items():
        panel.plot([], color=colour, linewidth=5, label=f"annotator {annotator}")
    outside = "outside" in str(options["loc"])
    (panel.figure if outside else panel).legend(**options)
