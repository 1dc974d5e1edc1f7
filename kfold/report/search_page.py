"""The report of a search: search.html, one self-contained page."""

from __future__ import annotations

import pandas as pd
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from data.system.atomic import write_text
from kfold.config.cv_config import CORRECTIONS
from kfold.config.presets import STANDARD
from kfold.config.recipe import differences
from kfold.metrics.score import CAP
from kfold.report.charts.search_charts import CLIPPED, search_charts
from kfold.report.page import TEMPLATES
from kfold.runs.run import Run
from kfold.search.space import Space
from kfold.search.study import accepted, finished, is_reference
from kfold.search.winner import write_winner

SEARCH_PAGE = "search.html"


def write_search(run: Run, study: Study, space: Space) -> str:
    """Write the winner's configurations and search.html into the folder of a search.

    Args:
        run: of the search.
        study: with its trials.
        space: what is searched, around the reference.

    Returns:
        What to print: the winner, and the commands that train it.

    Raises:
        UserError: no trial is finished.
    """
    winner = write_winner(run, study, space)
    option = f" CORRECTIONS={run.folder / CORRECTIONS}" if run.config.corrections else ""
    page, counts = run.folder / SEARCH_PAGE, trial_counts(study)
    text = TEMPLATES.get_template("search.html.j2").render(
        run=run,
        winner=winner,
        corrections_option=option,
        epochs=STANDARD.models["unet"].epochs,
        changes=differences(winner.recipe, space.reference)
        or "nothing, it is the reference itself",
        json=winner.config.read_text(),
        counts=counts,
        trials=trial_table(study, space),
        charts=search_charts(study),
        cap=CAP,
        clipped=CLIPPED,
    )
    write_text(page, text)
    best = winner.trial
    return (
        f"Best: trial {best.number}, capped RMSE {best.value:.4f} ({counts})\n"
        f"make cv CONFIG={winner.config}{option} trains it; all trials: {page}\n"
        f"make cv CONFIG={winner.second_seed} RUN={run.name}{option} trains it and the reference "
        "with a second seed"
    )


def trial_counts(study: Study) -> str:
    """Numbers of finished, pruned and running trials, in words."""
    trials = [trial for trial in study.trials if accepted(trial)]
    done = sum(trial.state == TrialState.COMPLETE for trial in trials)
    pruned = sum(trial.state == TrialState.PRUNED for trial in trials)
    running = len(trials) - done - pruned
    return f"{done} trials finished, {pruned} pruned" + (f", {running} running" if running else "")


def trial_table(study: Study, space: Space) -> pd.DataFrame:
    """Trials as text: finished ones, best first, then pruned ones, longest trained first.

    Without `cost`, if that of the network is not counted.
    """
    ended = [trial for trial in study.trials if accepted(trial) and trial.state.is_finished()]
    pruned = [trial for trial in ended if trial.state == TrialState.PRUNED]
    pruned.sort(key=lambda trial: (-(trial.last_step or 0), trial.value or float("inf")))
    header = ["trial", "capped RMSE", "folds", "minutes", "cost", "changes to the reference"]
    rows = (_row(trial, space) for trial in [*finished(study), *pruned])
    table = pd.DataFrame(rows, columns=header)
    return table if space.cost(space.reference) else table.drop(columns="cost")


def _row(trial: FrozenTrial, space: Space) -> list[str]:
    score = "none" if trial.value is None else f"{trial.value:.4f}"
    if trial.state == TrialState.PRUNED and trial.value is not None:
        score += f" at epoch {trial.last_step}"
    cost = trial.user_attrs["cost"]
    changes = differences(space.recipe_at(trial.params), space.reference)
    return [
        f"{trial.number}",
        score,
        f"{trial.user_attrs['folds']}",
        f"{trial.user_attrs['minutes']:.1f}",
        "" if cost is None else f"{cost:.2f}",
        "the reference" if is_reference(trial) else changes,
    ]
