"""A search as one self-contained page, and its winner as a configuration."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

import matplotlib
import optuna
from markupsafe import Markup
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.text import Text
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState, create_trial
from optuna.visualization import matplotlib as plots

from data.atomic import write_json, write_text
from data.errors import UserError
from kfold.presets import STANDARD, Preset
from kfold.recipe import Recipe, differences
from kfold.report.chart import GRID, INK, MUTED, SECOND, STYLE, inline
from kfold.report.page import TEMPLATES
from kfold.run import Run
from kfold.run_config import CORRECTIONS
from kfold.search_space import recipe_at
from kfold.study import finished, is_reference, model_of, taken
from kfold.tables import Rows

TARGET = "capped RMSE, px"
FIRST = "first trusted RMSE, px"

_FEWEST = 3
"""Scores that there must be for a chart to say anything."""

_HOPELESS = 1.5
"""Times the best score from which on scores count as the same."""

_SHOWN = 8
"""Parameters that the charts show, the most important first, and lines that a legend names."""


def write_search(run: Run, study: Study, base: Recipe) -> str:
    """Write configurations and search.html into the folder of a search; return who won, in words.

    By winner.json, the winner is trained on the standard preset's folds: it can join that preset's
    run, and is scored by trainings on other rows than those that chose it. By second_seed.json, it
    and the reference are trained once more on the search's own folds.

    Args:
        run: of the search.
        study: with its trials.
        base: the recipe that the search started from.

    Raises:
        UserError: no trial is finished.
    """
    done = finished(study)
    if not done:
        raise UserError(
            f"{run.folder}: expected a trial with all folds finished, found none yet. Run the same "
            "command again, with a larger MINUTES= or TRIALS=."
        )
    best, reference = done[0], next(filter(is_reference, done), None)
    config, again = run.folder / "winner.json", run.folder / "second_seed.json"
    recipe = recipe_at(best.params, base)
    rivals = {model_of(best): recipe} | ({model_of(reference): base} if reference else {})
    write_json(config, asdict(Preset({"tuned": recipe}, STANDARD.folds)))
    write_json(again, asdict(Preset(rivals, run.config.folds, seeds=2)))
    with_labels = f" CORRECTIONS={run.folder / CORRECTIONS}" if run.config.corrections else ""
    page = run.folder / "search.html"
    text = TEMPLATES.get_template("search.html.j2").render(
        run=run,
        best=best,
        reference=reference,
        config=config,
        again=again,
        with_labels=with_labels,
        epochs=STANDARD.models["heatmap"].epochs,
        changes=differences(recipe, base) or "the reference itself",
        json=config.read_text(),
        counts=_counts(study),
        trials=_table(study, base),
        charts=_charts(study),
    )
    write_text(page, text)
    return (
        f"Best: trial {best.number}, capped RMSE {best.value:.4f} ({_counts(study)})\n"
        f"make cv CONFIG={config}{with_labels} trains it; all trials: {page}\n"
        f"make cv CONFIG={again} RUN={run.folder.name}{with_labels} gives it and the reference a "
        "second seed"
    )


def _counts(study: Study) -> str:
    trials = [trial for trial in study.trials if taken(trial)]
    done = sum(trial.state == TrialState.COMPLETE for trial in trials)
    cut = sum(trial.state == TrialState.PRUNED for trial in trials)
    left = len(trials) - done - cut
    return f"{done} trials finished, {cut} cut short" + (f", {left} under way" if left else "")


def _table(study: Study, base: Recipe) -> Rows:
    """The finished trials, best first, then those cut short, the furthest first."""
    others = [trial for trial in study.trials if taken(trial) and trial.state.is_finished()]
    cut = [trial for trial in others if trial.state == TrialState.PRUNED]
    cut.sort(key=lambda trial: (-(trial.last_step or 0), trial.value or float("inf")))
    header = ["trial", "capped RMSE", "folds", "minutes", "work", "differs from the reference in"]
    return [header, *(_cells(trial, base) for trial in [*finished(study), *cut])]


def _cells(trial: FrozenTrial, base: Recipe) -> list[str]:
    score = "none" if trial.value is None else f"{trial.value:.4f}"
    if trial.state == TrialState.PRUNED and trial.value is not None:
        within = (trial.last_step or 0) < base.epochs
        score += f" at epoch {trial.last_step}" + (", trusted" if within else "")
    changes = differences(recipe_at(trial.params, base), base)
    return [
        f"{trial.number}",
        score,
        f"{trial.user_attrs['folds']}",
        f"{trial.user_attrs['minutes']:.1f}",
        f"{trial.user_attrs['work']:.2f}",
        "the reference" if is_reference(trial) else changes,
    ]


def _charts(study: Study) -> list[tuple[str, Markup]]:
    """Titles and Optuna's charts."""
    first = _first_scores(study)
    if len({trial.value for trial in first.trials}) < _FEWEST:
        return []
    names = list(optuna.importance.get_param_importances(first))[:_SHOWN]
    drawn: dict[str, Callable[[], Axes]] = {
        "History": lambda: _history(study),
        "Scores by step": lambda: plots.plot_intermediate_values(study),
        "Importance": lambda: plots.plot_param_importances(first, params=names, target_name=FIRST),
        "Parallel coordinates": lambda: plots.plot_parallel_coordinate(
            first, params=names, target_name=FIRST
        ),
    }
    return [
        (title, _drawn(draw, title, f"search{number}", wide=title.startswith("Parallel")))
        for number, (title, draw) in enumerate(drawn.items())
    ]


def _first_scores(study: Study) -> Study:
    """A study of every trial's first score; few trials are finished, and have a last one.

    What is half as bad again as the best, or worse, counts alike: a few hopeless recipes would
    otherwise decide what seems to matter.
    """
    scored = [trial for trial in study.trials if trial.intermediate_values]
    step = min((min(trial.intermediate_values) for trial in scored), default=0)
    compared = [trial for trial in scored if step in trial.intermediate_values]
    worst = _HOPELESS * min((t.intermediate_values[step] for t in compared), default=0.0)
    first = optuna.create_study()
    for trial in compared:
        value = min(trial.intermediate_values[step], worst)
        first.add_trial(
            create_trial(value=value, params=trial.params, distributions=trial.distributions)
        )
    return first


def _history(study: Study) -> Axes:
    panel = plots.plot_optimization_history(study, target_name=TARGET)
    for trial in finished(study):
        if is_reference(trial) and trial.value:
            panel.axhline(trial.value, color=SECOND, linestyle="--", label="reference")
            panel.legend()
    return panel


def _drawn(draw: Callable[[], Axes], title: str, name: str, wide: bool) -> Markup:
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
    """Room for a library that sets a style of its own, and calls its charts experimental."""
    with matplotlib.rc_context(STYLE), plt.style.context("default"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _restyle(panel: Axes, grid: bool) -> None:
    for place in ("left", "center", "right"):
        panel.set_title("", loc=place)
    if legend := panel.get_legend():
        legend.set_frame_on(False)
        legend.set_visible(len(legend.get_texts()) <= _SHOWN)
    panel.set_facecolor("none")
    panel.grid(False)
    if grid:
        panel.grid(color=GRID)
    panel.tick_params(colors=MUTED)
    for spine in panel.spines.values():
        spine.set_color(GRID)
