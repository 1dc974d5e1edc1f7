"""Learning curves: loss and RMSE by epoch, of training and held-out rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from kfold.config.recipe import Recipe
from kfold.leaderboard.leaderboard import Leaderboard
from kfold.report.charts.svg import FIRST, GRID, INK, MUTED, SECOND, drawing, inline
from kfold.runs.run import Run

History = dict[str, list[float]]

TITLES = {"loss": "Loss", "capped_rmse": "Capped RMSE, px"}


MAX_MODELS = 6
MAX_TRAININGS = 10
"""Of a model. Hundreds of curves would make the page slow and hide each other; all are in the
trainings' history.json."""


@dataclass(frozen=True)
class LearningCurves:
    """Learning curves of one model.

    Attributes:
        title: name of the model.
        charts: of loss and RMSE, a line per fold and seed.
    """

    title: str
    charts: list[Markup]


def learning_curves(leaderboard: Leaderboard) -> list[LearningCurves]:
    """Curves of the first trainings of the best models, in the run's order."""
    several = len(leaderboard.runs) > 1
    names = [line.entry.name for line in leaderboard.lines if line.entry.kind == "model"]
    best = set(names[:MAX_MODELS])
    return [
        _curves(opened.run, model, name, number)
        for number, (opened, model) in enumerate(
            (opened, model) for opened in leaderboard.runs for model in opened.run.finished_models
        )
        if (name := f"{opened.run.name}/{model}" if several else model) in best
    ]


def _curves(run: Run, model: str, name: str, number: int) -> LearningCurves:
    histories, recipe = list(islice(_read(run, model), MAX_TRAININGS)), run.config.models[model]
    charts = [
        _draw(histories, quantity, f"{quantity}{number}", name, recipe) for quantity in TITLES
    ]
    return LearningCurves(name, charts)


def _read(run: Run, model: str) -> Iterator[History]:
    for seed in run.finished_seeds(model):
        for fold in range(run.config.folds):
            yield json.loads((run.fold_folder(model, seed, fold) / "history.json").read_text())


def _draw(histories: list[History], quantity: str, name: str, model: str, recipe: Recipe) -> Markup:
    with drawing(3.8, 2.6) as figure:
        panel = figure.subplots()
        _shade_low_resolution(panel, round(recipe.epochs * recipe.low_res_share))
        for history in histories:
            _draw_history(panel, history, quantity)
        panel.plot([], color=FIRST, label=_training_label(recipe))
        panel.plot([], color=SECOND, marker=".", label="held-out")
        panel.plot([], color=INK, marker="o", markerfacecolor="none", ls="", label="kept")
        panel.legend(loc="upper right")
        panel.set_title(TITLES[quantity])
        _set_axes(panel)
        ends = [history[f"val_{quantity}"][-1] for history in histories]
        text = (
            f"{TITLES[quantity]} of {model} by epoch, a line for each of {len(histories)} "
            f"trainings; held-out it ends between {min(ends):.2f} and {max(ends):.2f}."
        )
        return inline(figure, name, text)


def _training_label(recipe: Recipe) -> str:
    return "training" if recipe.policy == "none" else "training, augmented"


def _draw_history(panel: Axes, history: History, quantity: str) -> None:
    trained, held_out = history[quantity], history[f"val_{quantity}"]
    panel.plot(range(1, len(trained) + 1), trained, color=FIRST, linewidth=1.1, alpha=0.75)
    epochs = history["val_epoch"]
    panel.plot(epochs, held_out, color=SECOND, linewidth=1.1, marker=".", markersize=4, alpha=0.75)
    panel.plot(epochs[-1], held_out[-1], color=INK, marker="o", markersize=6, fillstyle="none")


def _shade_low_resolution(panel: Axes, epochs: int) -> None:
    if epochs:
        panel.axvspan(0.5, epochs + 0.5, color=GRID, alpha=0.35, linewidth=0)
        middle = ((epochs + 1) / 2, 0.02)
        panel.annotate(
            "64x64", middle, None, panel.get_xaxis_transform(), color=MUTED, fontsize=9, ha="center"
        )


def _set_axes(panel: Axes) -> None:
    panel.set_yscale("log")
    panel.set_xlabel("epoch")
    panel.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panel.yaxis.set_major_formatter("{x:g}")
    panel.yaxis.set_minor_formatter(NullFormatter())
    panel.tick_params(which="minor", length=0)
