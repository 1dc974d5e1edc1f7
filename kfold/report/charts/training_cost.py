"""RMSE against training time."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup
from matplotlib.ticker import LogLocator, NullFormatter

from kfold.leaderboard.line import Line
from kfold.report.charts.svg import FIRST, INK, MUTED, SECOND, drawing, inline

MIN_TIMES = 2
"""Different training times that make a chart."""

CLIPPED = 1.5
"""Lines whose RMSE is more than so many times the best one are triangles at the top."""

COLOURS = {"model": FIRST, "ensemble": SECOND}


def rmse_by_minutes(lines: Sequence[Line]) -> Markup:
    """Every trained line as a dot, and the Pareto front as a step line.

    Minutes are summed over folds and seeds. Empty if all lines took the same time.
    """
    trained = [line for line in lines if line.entry.trainings]
    if len({line.entry.minutes for line in trained}) < MIN_TIMES:
        return Markup()
    front = _pareto_front(trained)
    minutes = [line.entry.minutes for line in front]
    scores = [line.capped.rmse for line in front]
    with drawing(3.8, 2.6) as figure:
        panel = figure.subplots()
        highest = CLIPPED * min(scores)
        clipped = [min(score, highest) for score in scores]
        panel.step(minutes, clipped, where="post", color=MUTED, linewidth=1)
        for line in trained:
            score, mark = min((line.capped.rmse, "o"), (highest, "^"))
            colour = COLOURS[line.entry.kind]
            panel.plot(line.entry.minutes, score, mark, color=colour, markersize=5)
        for line in front:
            dot = line.entry.minutes, min(line.capped.rmse, highest)
            name = panel.annotate(line.entry.name, dot, (1, 8), textcoords="offset points")
            name.set(color=INK, rotation=35, rotation_mode="anchor")
        panel.set(xscale="log", xlabel="minutes of training", ylabel="RMSE, px")
        panel.set_xlim(right=4 * max(minutes))  # space for the last name
        panel.margins(y=0.1)
        panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        panel.xaxis.set_major_formatter("{x:g}")
        panel.xaxis.set_minor_formatter(NullFormatter())
        steps = "; ".join(f"{m:.0f} min {s:.3f} px" for m, s in zip(minutes, scores, strict=True))
        text = f"RMSE against minutes of training, the best by then: {steps}"
        return inline(figure, "cost", text)


def _pareto_front(lines: Sequence[Line]) -> list[Line]:
    """Lines that are better than all faster ones, fastest first."""
    front: list[Line] = []
    for line in sorted(lines, key=lambda line: (line.entry.minutes, line.capped.rmse)):
        if not front or line.capped.rmse < front[-1].capped.rmse:
            front.append(line)
    return front
