"""Matplotlib figures as SVG that takes colours and font from the page, dark mode included."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from markupsafe import Markup, escape
from matplotlib.figure import Figure

INK, MUTED, GRID, FIRST, SECOND, PAPER = (f"#0{i}0{i}0{i}" for i in range(1, 7))
"""Placeholder colours, as matplotlib knows no CSS variables."""

VARIABLES = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    GRID: "var(--line)",
    FIRST: "var(--first)",
    SECOND: "var(--second)",
    PAPER: "var(--paper)",
}

STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "leaderboard",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": GRID,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "figure.facecolor": "none",
    "legend.frameon": False,
    "legend.fontsize": 9.5,
}


@contextmanager
def drawing(width: float, height: float) -> Iterator[Figure]:
    """A figure in the page's style; width and height in inches."""
    with matplotlib.rc_context(STYLE):
        yield Figure(figsize=(width, height), layout="constrained")


def inline(figure: Figure, name: str, text: str) -> Markup:
    """The figure as an SVG element.

    Args:
        figure: made by `drawing`.
        name: prefix of the element's ids, unique in the page.
        text: what the chart shows, for screen readers.
    """
    out = io.StringIO()
    with matplotlib.rc_context(STYLE):
        figure.savefig(out, format="svg", metadata={"Date": None})
    svg = out.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(r'\b(id="|href="#|url\(#)', rf"\g<1>{name}-", svg)
    svg = re.sub(r"\n\s*", "\n", svg)
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour, variable)
    _, view, rest = re.split(r'(viewBox="[^"]*")', svg, maxsplit=1)
    rest = rest[rest.index(">") :]
    return Markup(f'<svg class="chart" role="img" aria-label="{escape(text)}" {view}{rest}')
