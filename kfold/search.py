"""Search for a better recipe: train what Optuna proposes, fold by fold, while it is promising.

The value of a trial is `capped_rmse` of its out-of-fold predictions, on the folds of `make cv`, at
the same number of epochs for every trial. Labels that are grossly wrong would drown differences
between recipes in a plain RMSE; the capped one needs no reference prediction to leave them out, so
that it means the same for a part of the folds and in a later search. Within a training, where
Keras scores it, trials are compared by the trusted RMSE.

This process asks and tells; the workers train and know nothing of the search. A trial is one model
of a run, the search's folder, with folds, weights and predictions as those of any run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import replace

import numpy as np
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState
from rich.console import Console

from data.errors import CONTINUES, UserError
from data.faces import Faces
from kfold.candidate import Budget, Candidate
from kfold.cluster import ClusterTrainers
from kfold.predictions import Predictions
from kfold.progress import Trainings, clock
from kfold.recipe import Recipe
from kfold.run import Run, open_run
from kfold.score import capped_rmse
from kfold.search_space import MOST_WORK, recipe_at, scored_within
from kfold.shape import multiplications
from kfold.study import ask, first_compared, is_reference, taken
from kfold.workers import Failure, Outcome, Report, Trainers

_POLL = 0.2
"""Seconds between two looks at how the trainings get on."""

_FAILURES = 3
"""Trials that fail one after the other, with none that does not, until the search gives up."""

_KILLS = 2
"""How often a trial may be under way when a process of this machine is killed."""


class Search:
    """Trials that run, those that may go on, and those to come."""

    def __init__(
        self,
        run: Run,
        study: Study,
        base: Recipe,
        faces: Faces,
        budget: Budget,
        console: Console,
        on_finish: Callable[[], object] = lambda: None,
    ) -> None:
        """Go on with a study.

        Args:
            run: whose folder the trials are kept in; its folds are dealt.
            study: see `kfold.study.open_study`.
            base: the recipe that the search starts from; it has what the space leaves alone.
            faces: the training faces.
            budget: how long to search.
            console: where progress is shown.
            on_finish: called when a trial is finished on all folds.
        """
        self._on_finish = on_finish
        self._run, self._study, self._base, self._faces = run, study, base, faces
        self._running: dict[Future[Outcome], Candidate] = {}
        self._open: list[Candidate] = []
        self._most = budget.trials
        minutes = float("inf") if budget.minutes is None else budget.minutes
        self._deadline = time.monotonic() + 60 * minutes
        self._failures = 0
        self._progress = Trainings(console, 0)
        for frozen in study.get_trials(states=(TrialState.RUNNING,)):
            self._reopen(frozen)
        self._asked = sum(taken(trial) for trial in study.trials)
        self._progress.expect(max(0, (budget.trials or 0) - self._asked) * base.epochs)

    def train(self, trainers: Trainers | ClusterTrainers) -> None:
        """Train until the budget is used up, as many candidates at once as there is room for."""
        with self._progress.shown():
            self._start(trainers)
            while self._running:
                done, _ = wait(self._running, _POLL, FIRST_COMPLETED)
                for report in trainers.reports():
                    self._watch(trainers, report)
                for future in done:
                    self._end(self._running[future], self._outcome(future))
                    del self._running[future]
                self._start(trainers)

    def _reopen(self, frozen: FrozenTrial) -> None:
        """Go on with a trial of an earlier call, unless its end was decided then."""
        # Optuna has no other way to go on with a trial of a process that is no more.
        candidate = self._taken_up(Trial(self._study, frozen._trial_id))
        if frozen.user_attrs.get("unpromising"):
            while summary := self._run.summary(*candidate.task):
                candidate.fold += 1
                candidate.seconds += summary["seconds"]
            self._tell(candidate, TrialState.PRUNED)
        elif frozen.user_attrs.get("kills", 0) >= _KILLS:
            self._progress.say(f"{self._label(candidate)}: given up, killed {_KILLS} times.")
            self._tell(candidate, TrialState.FAIL)
        else:
            candidate.reported = set(frozen.intermediate_values)
            self._open.insert(0, candidate)
            self._progress.expect(self._base.epochs)

    def _outcome(self, future: Future[Outcome]) -> Outcome:
        try:
            return future.result()
        except BrokenExecutor:  # which of them took the memory is not known
            for candidate in self._running.values():
                kills = candidate.trial.user_attrs.get("kills", 0)
                candidate.trial.set_user_attr("kills", kills + 1)
            raise

    def _start(self, trainers: Trainers | ClusterTrainers) -> None:
        while len(self._running) < trainers.room() and (candidate := self._next()):
            if summary := self._run.summary(*candidate.task):  # from before a search was cut off
                self._progress.skip(self._base.epochs)
                self._advance(candidate, summary["seconds"])
                continue
            candidate.started = time.monotonic()
            self._progress.start(self._label(candidate), self._base.epochs)
            self._running[trainers.submit(candidate.task, candidate.recipe)] = candidate

    def _next(self) -> Candidate | None:
        """A promising trial, or a new one; none when the budget is used up."""
        if time.monotonic() >= self._deadline:
            return None
        if self._open:
            return self._open.pop()
        if self._most is not None and self._asked >= self._most:
            return None
        self._asked += 1
        if self._most is None:
            self._progress.expect(self._base.epochs)
        return self._taken_up(self._proposed())

    def _proposed(self) -> Trial:
        """What Optuna proposes next of what may be tried."""
        while True:
            trial = ask(self._study, self._base)
            recipe = recipe_at(trial.params, self._base)
            work = multiplications(recipe.shape) / multiplications(self._base.shape)
            others = self._study.get_trials(deepcopy=False)
            tried = any(taken(other) and other.params == trial.params for other in others)
            if work <= MOST_WORK and scored_within(recipe) and not tried:
                trial.set_user_attr("work", work)
                return trial
            self._study.tell(trial, state=TrialState.FAIL)  # tells the sampler nothing

    def _taken_up(self, trial: Trial) -> Candidate:
        """The trial as a model of the run."""
        candidate = Candidate(trial, recipe_at(trial.params, self._base))
        models = {candidate.task[0]: candidate.recipe}
        self._run = open_run(self._run.folder, replace(self._run.config, models=models))
        return candidate

    def _watch(self, trainers: Trainers | ClusterTrainers, report: Report) -> None:
        """Show an epoch, and stop a training whose scores on the first fold are poor."""
        task, epoch, logs = report
        candidate = next((one for one in self._running.values() if one.task == task), None)
        if candidate is None:
            return  # a node that was given up may still have a word
        self._progress.epoch(self._label(candidate), epoch, logs)
        # Its last score is that of the views together, see `_advance`.
        compared = first_compared(self._base.epochs) <= epoch < self._base.epochs
        if task[2] == 0 and compared and "val_trusted_rmse" in logs and not candidate.pruned:
            candidate.pruned = self._unpromising(candidate, epoch, logs["val_trusted_rmse"])
            if candidate.pruned:
                trainers.stop(task)

    def _end(self, candidate: Candidate, outcome: Outcome) -> None:
        self._progress.end(self._label(candidate))
        self._failures = self._failures + 1 if isinstance(outcome, Failure) else 0
        if isinstance(outcome, dict) and not candidate.pruned:
            self._advance(candidate, outcome["seconds"])
            return
        candidate.seconds += time.monotonic() - candidate.started
        why = outcome if isinstance(outcome, str) else "not promising."
        self._progress.say(f"{self._label(candidate)}: {why}")
        failed = isinstance(outcome, Failure)
        self._tell(candidate, TrialState.FAIL if failed else TrialState.PRUNED)
        if self._failures == _FAILURES:
            raise UserError(
                f"{self._run.folder}: {_FAILURES} trials failed one after the other, the last one "
                f"{outcome}; {CONTINUES}."
            )

    def _advance(self, candidate: Candidate, seconds: float) -> None:
        """Score the folds that are finished; go on with the next where that is promising."""
        label, folds = self._label(candidate), self._run.config.folds
        candidate.seconds += seconds
        candidate.fold += 1
        value = self._score(candidate)
        unpromising = self._unpromising(candidate, candidate.fold * self._base.epochs, value)
        self._progress.say(f"{label}: capped RMSE {value:.4f} so far, in {clock(seconds)}")
        if candidate.fold == folds:
            self._tell(candidate, TrialState.COMPLETE, value)
            self._on_finish()
        elif unpromising:
            self._tell(candidate, TrialState.PRUNED)
        else:
            self._open.append(candidate)
            self._progress.expect(self._base.epochs)

    def _unpromising(self, candidate: Candidate, step: int, value: float) -> bool:
        """Tell Optuna a score; the reference is never cut short, but its scores are compared.

        Optuna says so once: the answer is kept, lest the trial go on in a later call.
        """
        if step not in candidate.reported:
            candidate.trial.report(value, step)
            candidate.reported.add(step)
        unpromising = candidate.trial.should_prune() and not is_reference(candidate.trial)
        if unpromising and candidate.fold < self._run.config.folds:
            candidate.trial.set_user_attr("unpromising", True)
        return unpromising

    def _score(self, candidate: Candidate) -> float:
        """Capped RMSE in px over the folds that are finished."""
        truth, predicted = [], []
        model, seed, _ = candidate.task
        for fold in range(candidate.fold):
            predictions = Predictions.read(self._run.fold_folder(model, seed, fold))
            truth.append(self._faces.keypoints[predictions.rows])
            predicted.append(predictions.oof.mean(axis=0))
        return capped_rmse(np.concatenate(truth), np.concatenate(predicted))

    def _tell(self, candidate: Candidate, state: TrialState, value: float | None = None) -> None:
        candidate.trial.set_user_attr("folds", candidate.fold)
        candidate.trial.set_user_attr("minutes", candidate.seconds / 60)
        self._study.tell(candidate.trial, value, state)

    def _label(self, candidate: Candidate) -> str:
        return f"trial {candidate.trial.number}, fold {candidate.fold + 1}/{self._run.config.folds}"
