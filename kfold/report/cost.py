"""What a better score costs: RMSE against minutes of training."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup
from matplotlib.ticker import LogLocator, NullFormatter

from kfold.leaderboard import Line
from kfold.report.chart import FIRST, INK, MUTED, SECOND, drawing, inline

FEWEST = 2
"""Trained lines that make a curve."""

FARTHEST = 1.5
"""Times the best score: lines that are worse are drawn as triangles at the top."""

COLOURS = {"model": FIRST, "ensemble": SECOND}


def score_by_minutes(lines: Sequence[Line]) -> Markup:
    """Every trained line as a dot, and a step line along those that nothing cheaper beats.

    Minutes are of training, summed over folds and seeds, on whatever trained. Empty where all
    lines cost the same.
    """
    trained = [line for line in lines if line.entry.trainings]
    if len({line.entry.minutes for line in trained}) < FEWEST:
        return Markup()
    front = _front(trained)
    minutes = [line.entry.minutes for line in front]
    scores = [line.trusted.rmse for line in front]
    with drawing(3.8, 2.6) as figure:
        panel = figure.subplots()
        panel.step(minutes, scores, where="post", color=MUTED, linewidth=1)
        highest = FARTHEST * min(scores)
        for line in trained:
            score, mark = min((line.trusted.rmse, "o"), (highest, "^"))
            colour = COLOURS[line.entry.kind]
            panel.plot(line.entry.minutes, score, mark, color=colour, markersize=5)
        for line in front:
            place = line.entry.minutes, min(line.trusted.rmse, highest)
            name = panel.annotate(line.entry.name, place, (1, 8), textcoords="offset points")
            name.set(color=INK, rotation=35, rotation_mode="anchor")
        panel.set(xscale="log", xlabel="minutes of training", ylabel="RMSE, px")
        panel.set_xlim(right=4 * max(minutes))  # room for the last name
        panel.margins(y=0.1)
        panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        panel.xaxis.set_major_formatter("{x:g}")
        panel.xaxis.set_minor_formatter(NullFormatter())
        said = "; ".join(f"{m:.0f} min {s:.3f} px" for m, s in zip(minutes, scores, strict=True))
        return inline(figure, "cost", f"RMSE against minutes of training, the best by then: {said}")


def _front(lines: Sequence[Line]) -> list[Line]:
    """Lines, cheapest first, each better than all that cost less."""
    front: list[Line] = []
    for line in sorted(lines, key=lambda line: (line.entry.minutes, line.trusted.rmse)):
        if not front or line.trusted.rmse < front[-1].trusted.rmse:
            front.append(line)
    return front
