"""A search's memory: an Optuna study in a journal, which one process writes."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import optuna
from optuna.distributions import distribution_to_json
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from data.errors import UserError
from kfold.recipe import Recipe
from kfold.run_config import JOURNAL
from kfold.search_space import SPACE, params_of

PROMOTED = 3
"""One of so many trials goes on from each score at which they are compared."""

VARIATIONS = 12
"""Trials change a few things about the reference until so many of them are ended, which is enough
for the estimator to learn from."""

VARIED = 4
"""Parameters that a variation draws at random."""


def first_compared(epochs: int) -> int:
    """The epoch, from 1, from which on scores are compared: a third of a fold's training."""
    return max(1, epochs // PROMOTED)


def open_study(folder: Path, reference: Recipe) -> Study:
    """Start the study of a search in its folder, with `reference` as its first trial, or go on.

    After variations of the reference, which random recipes of so large a space seldom come near,
    trials are proposed by a tree-structured Parzen estimator (Bergstra et al., 2011). They are cut
    short by asynchronous successive halving (Li et al., 2020): first after `first_compared` epochs
    on one fold, then each time that they have cost `PROMOTED` times as much.

    Raises:
        UserError: it was begun with another space.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    path = (folder / JOURNAL).resolve()
    _mend(path)
    study = optuna.create_study(
        study_name="search",
        storage=JournalStorage(JournalFileBackend(str(path))),
        load_if_exists=True,
        pruner=optuna.pruners.SuccessiveHalvingPruner(
            first_compared(reference.epochs), reduction_factor=PROMOTED
        ),
    )
    # Another seed each time: the same one would propose the first random trials again.
    study.sampler = TPESampler(seed=len(study.trials), n_startup_trials=VARIATIONS)
    _refuse_another_space(study, folder)
    _forget_half_asked(study)
    if not any(is_reference(trial) and trial.state != TrialState.FAIL for trial in study.trials):
        study.enqueue_trial(params_of(reference), user_attrs={"reference": True})
    return study


def ask(study: Study, reference: Recipe) -> Trial:
    """What to try next, whether or not it may be tried: the reference, variations, proposals.

    With fewer trials ended, the estimator itself would draw all parameters at random.
    """
    waiting = study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
    ended = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    if not waiting and len(ended) <= VARIATIONS:
        rng = np.random.default_rng(len(study.trials))
        varied = rng.choice(list(SPACE), VARIED, replace=False)
        kept = {name: at for name, at in params_of(reference).items() if name not in varied}
        study.enqueue_trial(kept)
    return study.ask(SPACE)


def taken(trial: FrozenTrial) -> bool:
    """Whether a trial was taken up, not turned down for its work, and did not fail."""
    return "work" in trial.user_attrs and trial.state != TrialState.FAIL


def is_reference(trial: Trial | FrozenTrial) -> bool:
    """Whether it is the recipe that the search started from."""
    return trial.user_attrs.get("reference", False)


def model_of(trial: Trial | FrozenTrial) -> str:
    """The name of a trial's model in the run that the search is."""
    return f"trial{trial.number}"


def finished(study: Study) -> list[FrozenTrial]:
    """Trials that were trained on every fold, best first."""
    trials = study.get_trials(states=(TrialState.COMPLETE,))
    return sorted(trials, key=lambda trial: trial.value or 0.0)


def _mend(path: Path) -> None:
    """Remove what a killed search leaves: its lock, and half a line at the end."""
    path.with_name(path.name + ".lock").unlink(missing_ok=True)
    if path.is_file():
        os.truncate(path, path.read_bytes().rfind(b"\n") + 1)


def _refuse_another_space(study: Study, folder: Path) -> None:
    now = {name: distribution_to_json(values) for name, values in SPACE.items()}
    if not study.trials:
        study.set_user_attr("space", now)
    before = study.user_attrs.get("space", {})
    changed = [name for name in before | now if before.get(name) != now.get(name)]
    if changed:
        raise UserError(
            f"{folder}: this search was begun with another space: {', '.join(changed)} changed in "
            "kfold/search_space.py. Pass another RUN=<name>, or FORCE=1 to begin it again."
        )


def _forget_half_asked(study: Study) -> None:
    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        if not taken(trial):
            study.tell(trial.number, state=TrialState.FAIL)
