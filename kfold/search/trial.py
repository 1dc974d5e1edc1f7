"""A trial that is neither finished nor given up, and how long to search."""

from __future__ import annotations

from dataclasses import dataclass, field

from optuna.study import Study
from optuna.trial import Trial, TrialState

from kfold.config.recipe import Recipe
from kfold.runs.task import Task
from kfold.search.study import is_reference, model_of


@dataclass(frozen=True)
class Budget:
    """How long to search.

    Attributes:
        trials: in all, those of earlier calls included; None for no limit.
        minutes: after which no training is started; running ones are finished. None for no limit.
    """

    trials: int | None
    minutes: float | None


@dataclass
class RunningTrial:
    """A trial that is neither finished nor given up.

    Attributes:
        trial: Optuna's record of it.
        recipe: what is trained.
        fold: the fold that is trained now, or next.
        seconds: of training so far.
        started: start of the current training, on the monotonic clock.
        stopping: its current training was asked to stop.
        reported: steps whose scores Optuna has.
    """

    trial: Trial
    recipe: Recipe
    fold: int = 0
    seconds: float = 0.0
    started: float = 0.0
    stopping: bool = False
    reported: set[int] = field(default_factory=set)

    @property
    def task(self) -> Task:
        """The training of its current fold."""
        return Task(model_of(self.trial), 0, self.fold)

    def report(self, step: int, value: float, last: bool) -> bool:
        """Report a score to Optuna; True if the trial should be pruned, as the reference never is.

        Optuna answers once per score, so the answer is stored for a resumed search.

        Args:
            step: epochs trained, those of earlier folds included.
            value: the score, in pixels.
            last: every fold is finished, so nothing is left to prune.
        """
        if step not in self.reported:
            self.trial.report(value, step)
            self.reported.add(step)
        unpromising = self.trial.should_prune() and not is_reference(self.trial)
        if unpromising and not last:
            self.trial.set_user_attr("unpromising", True)
        return unpromising

    def count_crash(self) -> None:
        """Count a killed worker, which this trial may have caused."""
        self.trial.set_user_attr("crashes", self.trial.user_attrs.get("crashes", 0) + 1)

    def end(self, study: Study, state: TrialState, value: float | None = None) -> None:
        """Tell Optuna how the trial ended: its state, folds and minutes, and its score, if any."""
        self.trial.set_user_attr("folds", self.fold)
        self.trial.set_user_attr("minutes", self.seconds / 60)
        study.tell(self.trial, value, state)
