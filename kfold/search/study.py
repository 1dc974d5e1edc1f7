"""The Optuna study of a search, in a journal file that one process writes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import optuna
from optuna.distributions import distribution_to_json
from optuna.samplers import TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from data.system.errors import UserError
from kfold.runs.locate import read_run
from kfold.runs.run_config import CONFIG, JOURNAL
from kfold.search.journal import open_journal
from kfold.search.space import MAX_COST, Space

REDUCTION = 3
"""Factor of successive halving: one of so many trials goes on from each comparison."""

VARIATIONS = 12
"""Finished trials that the sampler needs; until then, trials are variations of the reference."""

VARIED_PARAMETERS = 4
"""Parameters that a variation draws at random."""


def first_comparison(epochs: int) -> int:
    """The first epoch, from 1, whose scores are compared: a third of a fold's training."""
    return max(1, epochs // REDUCTION)


def open_study(folder: Path, space: Space) -> Study:
    """Start the study of a search in its folder, with the reference as first trial, or resume it.

    After variations of the reference, which random recipes of so large a space seldom come near,
    trials are proposed by a tree-structured Parzen estimator (Bergstra et al., 2011). They are
    pruned by asynchronous successive halving (Li et al., 2020): first after `first_comparison`
    epochs on one fold, then each time that they have cost `REDUCTION` times as much.

    Raises:
        UserError: the search was started with another space.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        study_name="search",
        storage=open_journal(folder / JOURNAL),
        load_if_exists=True,
        pruner=optuna.pruners.SuccessiveHalvingPruner(
            first_comparison(space.reference.epochs), reduction_factor=REDUCTION
        ),
    )
    # Another seed each time: the same one would propose the first random trials again.
    study.sampler = TPESampler(seed=len(study.trials), n_startup_trials=VARIATIONS)
    _refuse_another_space(study, space, folder)
    _fail_half_asked(study)
    _skip_lost(study, folder)
    if not any(is_reference(trial) and trial.state != TrialState.FAIL for trial in study.trials):
        study.enqueue_trial(space.params, user_attrs={"reference": True})
    return study


def _ask(study: Study, space: Space) -> Trial:
    """Optuna's next trial: the reference, then variations of it, then the sampler's proposals.

    With so few finished trials, the sampler itself would draw every parameter at random.
    """
    waiting = study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
    ended = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    if not waiting and len(ended) <= VARIATIONS:
        rng = np.random.default_rng(len(study.trials))
        count = min(VARIED_PARAMETERS, len(space.distributions))
        varied = rng.choice(list(space.distributions), count, replace=False)
        kept = {name: at for name, at in space.params.items() if name not in varied}
        study.enqueue_trial(kept)
    return study.ask(space.distributions)


def propose(study: Study, space: Space) -> Trial:
    """The next trial that neither costs too much nor repeats another; it is then `accepted`."""
    while True:
        trial = _ask(study, space)
        cost = space.cost(space.recipe_at(trial.params))
        others = study.get_trials(deepcopy=False)
        repeated = any(accepted(other) and other.params == trial.params for other in others)
        if (cost or 0) <= MAX_COST and not repeated:
            trial.set_user_attr("cost", cost)
            return trial
        study.tell(trial, state=TrialState.FAIL)  # the sampler ignores it


def accepted(trial: FrozenTrial) -> bool:
    """Whether a trial is to be trained, or was: neither refused by `propose` nor failed."""
    return "cost" in trial.user_attrs and trial.state != TrialState.FAIL


def is_reference(trial: Trial | FrozenTrial) -> bool:
    """Whether a trial is that of the recipe that the search starts from."""
    return trial.user_attrs.get("reference", False)


def model_of(trial: Trial | FrozenTrial) -> str:
    """The name of a trial's model in the search's run."""
    return f"trial{trial.number}"


def finished(study: Study) -> list[FrozenTrial]:
    """Trials that are finished on every fold, best first."""
    trials = study.get_trials(states=(TrialState.COMPLETE,))
    return sorted(trials, key=lambda trial: trial.value or 0.0)


def _refuse_another_space(study: Study, space: Space, folder: Path) -> None:
    now = {name: distribution_to_json(values) for name, values in space.distributions.items()}
    if not study.trials:
        study.set_user_attr("space", now)
    before = study.user_attrs.get("space", {})
    changed = [name for name in before | now if before.get(name) != now.get(name)]
    if changed:
        raise UserError(
            f"{folder}: this search was started with another space: {', '.join(changed)} changed "
            "in kfold/search/space.py. Pass another RUN=<name>, or FORCE=1 to start it again."
        )


def _fail_half_asked(study: Study) -> None:
    """Give up trials of a search that was killed within `propose`."""
    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        if not accepted(trial):
            study.tell(trial.number, state=TrialState.FAIL)


def _skip_lost(study: Study, folder: Path) -> None:
    """Give no new trial the number of one that a damaged journal lost: its model has files."""
    models = read_run(folder).config.models if (folder / CONFIG).is_file() else ()
    numbers = [int(found[1]) for name in models if (found := re.fullmatch(r"trial(\d+)", name))]
    last = max(numbers, default=0)
    while 0 < last >= len(study.trials):
        study.add_trial(optuna.trial.create_trial(state=TrialState.FAIL))
