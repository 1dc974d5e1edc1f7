"""Optuna's charts of a search, in the page's style."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
import optuna
from markupsafe import Markup
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.text import Text
from optuna.distributions import BaseDistribution
from optuna.distributions import CategoricalDistribution as OneOf
from optuna.study import Study
from optuna.trial import create_trial
from optuna.visualization import matplotlib as plots

from kfold.report.charts.svg import GRID, INK, MUTED, SECOND, STYLE, inline
from kfold.search.study import finished, is_reference

FINAL_SCORE = "capped RMSE, px"
FIRST_SCORE = "first capped RMSE, px"

MIN_SCORES = 3
"""Different scores without which there are no charts."""

CLIPPED = 1.5
"""First scores are clipped at so many times the best one."""

MAX_PARAMETERS = 8
"""Parameters in a chart, the most important ones; entries in a legend."""


def search_charts(study: Study) -> list[tuple[str, Markup]]:
    """Titles and charts; none while there are fewer than `MIN_SCORES` scores."""
    first = _first_scores(study)
    if len({trial.value for trial in first.trials}) < MIN_SCORES:
        return []
    names = list(optuna.importance.get_param_importances(first))[:MAX_PARAMETERS]
    charts: dict[str, Callable[[], Axes]] = {
        "History": lambda: _history(study),
        "Scores by step": lambda: plots.plot_intermediate_values(study),
        "Importance": lambda: plots.plot_param_importances(
            first, params=names, target_name=FIRST_SCORE
        ),
        "Parallel coordinates": lambda: plots.plot_parallel_coordinate(
            first, params=names, target_name=FIRST_SCORE
        ),
    }
    return [
        (title, _as_svg(draw, title, f"search{number}", wide=title.startswith("Parallel")))
        for number, (title, draw) in enumerate(charts.items())
    ]


def _first_scores(study: Study) -> Study:
    """A study of every trial's first score, as few trials reach a final one.

    Scores are clipped at `CLIPPED` times the best: a few very bad recipes would otherwise decide
    which parameters seem important.
    """
    scored = [trial for trial in study.trials if trial.intermediate_values]
    step = min((min(trial.intermediate_values) for trial in scored), default=0)
    compared = [trial for trial in scored if step in trial.intermediate_values]
    highest = CLIPPED * min((t.intermediate_values[step] for t in compared), default=0.0)
    first = optuna.create_study()
    for trial in compared:
        first.add_trial(
            create_trial(
                value=min(trial.intermediate_values[step], highest),
                params={name: _unformatted(value) for name, value in trial.params.items()},
                distributions={name: _choices(at) for name, at in trial.distributions.items()},
            )
        )
    return first


def _choices(values: BaseDistribution) -> BaseDistribution:
    return OneOf(list(map(_unformatted, values.choices))) if isinstance(values, OneOf) else values


def _unformatted(value: Any) -> Any:
    """A user's text as matplotlib shows it, instead of a formula between its dollar signs."""
    return value.replace("$", r"\$") if isinstance(value, str) else value


def _history(study: Study) -> Axes:
    panel = plots.plot_optimization_history(study, target_name=FINAL_SCORE)
    for trial in finished(study):
        if is_reference(trial) and trial.value:
            panel.axhline(trial.value, color=SECOND, linestyle="--", label="reference")
            panel.legend()
    return panel


def _as_svg(draw: Callable[[], Axes], title: str, name: str, wide: bool) -> Markup:
    with _optuna_style():
        draw()
        figure = plt.gcf()
        figure.set_layout_engine("tight")
        figure.set_size_inches(*((11, 4.2) if wide else (5.4, 3.4)))
        for panel in figure.axes:
            _restyle(panel, grid=not wide)
        for text in figure.findobj(Text):
            text.set_color(INK)
        figure.patch.set_visible(False)
        svg = inline(figure, name, f"{title} of the search")
        plt.close(figure)
    return svg


@contextmanager
def _optuna_style() -> Iterator[None]:
    """Keep the style that Optuna sets from other charts, and silence its experimental warnings."""
    with matplotlib.rc_context(STYLE), plt.style.context("default"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _restyle(panel: Axes, grid: bool) -> None:
    for side in ("left", "center", "right"):
        panel.set_title("", loc=side)
    if legend := panel.get_legend():
        legend.set_frame_on(False)
        legend.set_visible(len(legend.get_texts()) <= MAX_PARAMETERS)
    panel.set_facecolor("none")
    panel.grid(False)
    if grid:
        panel.grid(color=GRID)
    panel.tick_params(colors=MUTED)
    for spine in panel.spines.values():
        spine.set_color(GRID)
