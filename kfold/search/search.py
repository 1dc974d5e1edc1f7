"""Search for a better recipe: train what Optuna proposes, fold by fold, while it is promising.

The value of a trial is the capped RMSE of its out-of-fold predictions, on the folds of `make cv`,
after the same number of epochs for every trial. Grossly wrong labels would hide differences between
recipes in a plain RMSE. The capped one means the same on some of the folds, within a training, and
in a later search.

A trial is one model of a run, the search's folder, with weights and predictions as in any run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState
from rich.console import Console

from data.system.errors import CONTINUES, UserError
from kfold.config.recipe import Recipe
from kfold.metrics.score import capped_rmse
from kfold.parallel.outcomes import EpochReport, Failed, Finished, Outcome
from kfold.parallel.progress import TrainingProgress, clock
from kfold.runs.open_run import OpenRun
from kfold.runs.predictions import Predictions
from kfold.runs.start import configure_run
from kfold.runs.task import Task
from kfold.search.space import Space
from kfold.search.study import accepted, first_comparison, propose
from kfold.search.trial import Budget, RunningTrial

_MAX_FAILURES = 3
"""Consecutive failed trials after which the search gives up."""

_MAX_CRASHES = 2
"""Killed workers during a trial after which it is given up."""


class Search:
    """The scheduler of a search, see `kfold.parallel.event_loop.Scheduler`.

    Attributes:
        progress: of all trainings.
    """

    def __init__(
        self,
        opened: OpenRun,
        study: Study,
        space: Space,
        budget: Budget,
        console: Console,
        on_finish: Callable[[], object] = lambda: None,
    ) -> None:
        """Start or resume the trials of a study.

        Args:
            opened: the run whose folder holds the trials.
            study: see `kfold.search.study.open_study`.
            space: what is searched, around the reference.
            budget: how long to search.
            console: where progress is shown.
            on_finish: called when a trial is finished on all folds.
        """
        self.progress = TrainingProgress(console, 0)
        self._on_finish = on_finish
        self._run, self._faces = opened.run, opened.data.train
        self._study, self._space = study, space
        self._epochs = space.reference.epochs
        self._running: dict[Task, RunningTrial] = {}
        self._promising: list[RunningTrial] = []
        self._max_trials = budget.trials
        minutes = float("inf") if budget.minutes is None else budget.minutes
        self._deadline = time.monotonic() + 60 * minutes
        self._failures = 0
        for frozen in study.get_trials(states=(TrialState.RUNNING,)):
            self._resume(frozen)
        self._asked = sum(accepted(trial) for trial in study.trials)
        self.progress.expect(max(0, (budget.trials or 0) - self._asked) * self._epochs)

    def next_task(self) -> tuple[Task, Recipe] | None:
        """The next fold of a promising trial, or the first of a new one."""
        while running := self._next_trial():
            if summary := self._run.summary(*running.task):  # finished before an interruption
                self.progress.skip(self._epochs)
                self._advance(running, summary.seconds)
                continue
            running.started = time.monotonic()
            self.progress.start(self._label(running), self._epochs)
            self._running[running.task] = running
            return running.task, running.recipe
        return None

    def on_report(self, report: EpochReport) -> bool:
        """Show an epoch; True if the scores on the first fold are poor."""
        running = self._running.get(report.task)
        if running is None:
            return False  # from a node that was given up
        self.progress.epoch(self._label(running), report.epoch, report.logs)
        # The last epoch is judged by the mean over test-time views instead, see `_advance`.
        compared = first_comparison(self._epochs) <= report.epoch < self._epochs
        score = report.logs.get("val_capped_rmse")
        if report.task.fold == 0 and compared and score is not None and not running.stopping:
            running.stopping = running.report(report.epoch, score, last=False)
            return running.stopping
        return False

    def on_outcome(self, task: Task, outcome: Outcome) -> None:
        """Score a finished fold, or end the trial."""
        running = self._running[task]
        self.progress.end(self._label(running))
        self._failures = self._failures + 1 if isinstance(outcome, Failed) else 0
        if isinstance(outcome, Finished) and not running.stopping:
            self._advance(running, outcome.summary.seconds)
        else:
            self._give_up(running, outcome)
        del self._running[task]

    def on_crash(self, running: Sequence[Task]) -> None:
        """Count the crash for each running trial: a later call gives up those with too many."""
        for task in running:
            self._running[task].count_crash()

    def _resume(self, frozen: FrozenTrial) -> None:
        """Continue a trial of an earlier call, unless its end was decided then."""
        # Optuna has no public way to continue a trial of another process.
        running = self._start_trial(Trial(self._study, frozen._trial_id))
        if frozen.user_attrs.get("unpromising"):
            while summary := self._run.summary(*running.task):
                running.fold += 1
                running.seconds += summary.seconds
            running.end(self._study, TrialState.PRUNED)
        elif frozen.user_attrs.get("crashes", 0) >= _MAX_CRASHES:
            self.progress.say(f"{self._label(running)}: given up after {_MAX_CRASHES} crashes.")
            running.end(self._study, TrialState.FAIL)
        else:
            running.reported = set(frozen.intermediate_values)
            self._promising.insert(0, running)
            self.progress.expect(self._epochs)

    def _next_trial(self) -> RunningTrial | None:
        """A promising trial, or a new one; None when the budget is used up."""
        if time.monotonic() >= self._deadline:
            return None
        if self._promising:
            return self._promising.pop()
        if self._max_trials is not None and self._asked >= self._max_trials:
            return None
        self._asked += 1
        if self._max_trials is None:
            self.progress.expect(self._epochs)
        return self._start_trial(propose(self._study, self._space))

    def _start_trial(self, trial: Trial) -> RunningTrial:
        """Add the trial to the run as a model."""
        running = RunningTrial(trial, self._space.recipe_at(trial.params))
        models = {running.task.model: running.recipe}
        self._run = configure_run(self._run.folder, replace(self._run.config, models=models))
        return running

    def _give_up(self, running: RunningTrial, outcome: Outcome) -> None:
        running.seconds += time.monotonic() - running.started
        reason = "not promising." if isinstance(outcome, Finished) else outcome.reason
        self.progress.say(f"{self._label(running)}: {reason}")
        failed = isinstance(outcome, Failed)
        running.end(self._study, TrialState.FAIL if failed else TrialState.PRUNED)
        if self._failures == _MAX_FAILURES:
            raise UserError(
                f"{self._run.folder}: {_MAX_FAILURES} trials failed in a row, the last one "
                f"{reason.rstrip('.')}; {CONTINUES}."
            )

    def _advance(self, running: RunningTrial, seconds: float) -> None:
        """Score the finished folds; continue with the next one if that is promising."""
        label = self._label(running)
        running.seconds += seconds
        running.fold += 1
        last = running.fold == self._run.config.folds
        value = self._score(running)
        unpromising = running.report(running.fold * self._epochs, value, last)
        self.progress.say(f"{label}: capped RMSE {value:.4f} so far, in {clock(seconds)}")
        if last:
            running.end(self._study, TrialState.COMPLETE, value)
            self._on_finish()
        elif unpromising:
            running.end(self._study, TrialState.PRUNED)
        else:
            self._promising.append(running)
            self.progress.expect(self._epochs)

    def _score(self, running: RunningTrial) -> float:
        """Capped RMSE in pixels over the finished folds."""
        truth, predicted = [], []
        model, seed, _ = running.task
        for fold in range(running.fold):
            predictions = Predictions.read(self._run.fold_folder(model, seed, fold))
            truth.append(self._faces.keypoints[predictions.rows])
            predicted.append(predictions.oof.mean(axis=0))
        return capped_rmse(np.concatenate(truth), np.concatenate(predicted))

    def _label(self, running: RunningTrial) -> str:
        return f"trial {running.trial.number}, fold {running.fold + 1}/{self._run.config.folds}"
