"""What a search tries, and for how long."""

from __future__ import annotations

from dataclasses import dataclass, field

from optuna.trial import Trial

from kfold.recipe import Recipe
from kfold.study import model_of
from kfold.workers import Task


@dataclass(frozen=True)
class Budget:
    """How long to search.

    Attributes:
        trials: how many in all, those of earlier calls included; None for no limit.
        minutes: after which no training is started; those that run are finished. None for no limit.
    """

    trials: int | None
    minutes: float | None


@dataclass
class Candidate:
    """A trial under way.

    Attributes:
        trial: what Optuna knows of it.
        recipe: what is trained.
        fold: the fold that is trained now, or next.
        seconds: of training so far.
        started: when the present training was, on the monotonic clock.
        pruned: it is not promising, and its training was asked to stop.
        reported: steps that Optuna knows the score of already.
    """

    trial: Trial
    recipe: Recipe
    fold: int = 0
    seconds: float = 0.0
    started: float = 0.0
    pruned: bool = False
    reported: set[int] = field(default_factory=set)

    @property
    def task(self) -> Task:
        """The training of its present fold."""
        return model_of(self.trial), 0, self.fold
