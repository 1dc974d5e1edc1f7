"""A run is a folder, and the folder is its only state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data.system.atomic import write_text
from kfold.config.recipe import Recipe
from kfold.runs.run_config import JOURNAL, RunConfig
from kfold.runs.task import TrainingSummary

_DIVERGED = "diverged.txt"
_FAILED = "failed.txt"


@dataclass(frozen=True)
class Run:
    """The folder of a run and the configuration it was made with."""

    folder: Path
    config: RunConfig

    @property
    def name(self) -> str:
        """The name that RUN= takes."""
        return self.folder.name

    def fold_folder(self, model: str, seed: int, fold: int) -> Path:
        """Folder of one training's files."""
        return self.folder / model / f"seed{seed}" / f"fold{fold}"

    def summary(self, model: str, seed: int, fold: int) -> TrainingSummary | None:
        """Summary of a finished training; None while it is not finished."""
        return TrainingSummary.read(self.fold_folder(model, seed, fold))

    def finished_seeds(self, model: str) -> list[int]:
        """Seeds for which every fold of `model` is finished."""
        return [
            seed
            for seed in range(self.config.seeds)
            if all(self.summary(model, seed, fold) for fold in range(self.config.folds))
        ]

    @property
    def finished_models(self) -> dict[str, Recipe]:
        """Recipes of the models with at least one finished seed, by name."""
        models = self.config.models.items()
        return {name: recipe for name, recipe in models if self.finished_seeds(name)}

    def record_failure(
        self, model: str, seed: int, fold: int, reason: str, diverged: bool = False
    ) -> None:
        """Record why a training has no result; one that diverged is not tried again."""
        name = _DIVERGED if diverged else _FAILED
        write_text(self.fold_folder(model, seed, fold) / name, reason)

    def diverged(self, model: str, seed: int) -> bool:
        """Whether a training of this seed diverged."""
        return any((self.folder / model / f"seed{seed}").glob(f"fold*/{_DIVERGED}"))

    @property
    def unfinished(self) -> list[str]:
        """Unfinished models and seeds with the reason: 'mask seed 1 (the loss became nan)'.

        Empty for a search, which cuts most of its trials short on purpose.
        """
        if (self.folder / JOURNAL).exists():
            return []
        named = []
        for model in self.config.models:
            seeds = {seed: self._reason(model, seed) for seed in range(self.config.seeds)}
            if not any((self.folder / model).glob("seed*/fold*")):
                named.append(f"{model} (not started)")
            named += [f"{model} seed {seed} ({why})" for seed, why in seeds.items() if why]
        return named

    def _reason(self, model: str, seed: int) -> str:
        """Why a seed is not finished; empty if it is, or was not started."""
        folder = self.folder / model / f"seed{seed}"
        for name in (_DIVERGED, _FAILED):
            for recorded in sorted(folder.glob(f"fold*/{name}")):
                return recorded.read_text()  # the first fold's, if several failed at once
        done = sum(bool(self.summary(model, seed, fold)) for fold in range(self.config.folds))
        if done == self.config.folds or not folder.exists():
            return ""
        return f"{done} of {self.config.folds} folds finished"
