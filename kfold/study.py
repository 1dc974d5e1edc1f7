"""A search's memory: an Optuna study in a journal, which one process writes."""

from __future__ import annotations

import os
from pathlib import Path

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
from kfold.search_space import LARGEST_COARSE, SPACE, params_of

PROMOTED = 3
"""One of so many trials goes on from each score at which they are compared."""

_RANDOM_TRIALS = 12


def first_compared(epochs: int) -> int:
    """The first epoch, from 1, at which every recipe of the space sees faces of full size.

    Before it a held-out score may be one of small images, and is not compared with others.
    """
    return round(epochs * LARGEST_COARSE) + 1


def open_study(folder: Path, reference: Recipe) -> Study:
    """Start the study of a search in its folder, with `reference` as its first trial, or go on.

    Trials are proposed by a tree-structured Parzen estimator (Bergstra et al., 2011) and cut short
    by asynchronous successive halving (Li et al., 2020): the first time after `first_compared`
    epochs on one fold, then each time that they have cost `PROMOTED` times as much.

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
    study.sampler = TPESampler(seed=len(study.trials), n_startup_trials=_RANDOM_TRIALS)
    _refuse_another_space(study, folder)
    _forget_half_asked(study)
    if not any(is_reference(trial) and trial.state != TrialState.FAIL for trial in study.trials):
        study.enqueue_trial(params_of(reference), user_attrs={"reference": True})
    return study


def taken(trial: FrozenTrial) -> bool:
    """Whether a trial was taken up, not turned down for its work, and did not fail."""
    return "work" in trial.user_attrs and trial.state != TrialState.FAIL


def is_reference(trial: Trial | FrozenTrial) -> bool:
    """Whether it is the recipe that the search started from."""
    return trial.user_attrs.get("reference", False)


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
