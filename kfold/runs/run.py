"""A run is a folder, and the folder is its only state."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from data.system.atomic import write_text
from data.system.errors import UserError
from kfold.config.recipe import Recipe
from kfold.runs.code_version import UNKNOWN, distinct_sources
from kfold.runs.fold_table import FOLDS, read_folds
from kfold.runs.joined import Joined
from kfold.runs.run_config import JOURNAL, RunConfig
from kfold.runs.task import DIVERGED, FAILED, DamagedError, Task, TrainingSummary
from kfold.runs.training_files import check_files


@dataclass(frozen=True)
class Run:
    """The folder of a run and the configuration it was made with.

    Attributes:
        folder: of the run.
        config: its configuration.
        code: version of the code that trains now, see `kfold.runs.code_version`; set by
            `configure_run`.
        test_faces: number of faces in the test set; None while the data are not read.
    """

    folder: Path
    config: RunConfig
    code: str = UNKNOWN
    test_faces: int | None = None

    @property
    def name(self) -> str:
        """The name that RUN= takes."""
        return self.folder.name

    def fold_folder(self, model: str, seed: int, fold: int) -> Path:
        """Folder of one training's files."""
        return self.folder / model / f"seed{seed}" / f"fold{fold}"

    @cached_property
    def fold_table(self) -> pd.DataFrame:
        """The fold table, a row per training face, see `kfold.runs.fold_table`.

        Raises:
            UserError: folds are not assigned yet, or the file is damaged.
        """
        table = read_folds(self.folder)
        if table is None:
            raise UserError(f"{self.folder}: expected {FOLDS}, found none. Run `make cv` again.")
        return table

    def summary(self, model: str, seed: int, fold: int) -> TrainingSummary | None:
        """Summary of a finished training; None while it is not finished, or if it is damaged."""
        with suppress(DamagedError):
            return self._finished(Task(model, seed, fold))
        return None

    def damage(self, model: str, seed: int, fold: int) -> DamagedError | None:
        """What is wrong with the files of a training that was finished; None if nothing is."""
        try:
            self._finished(Task(model, seed, fold))
        except DamagedError as error:
            return error
        return None

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

    @property
    def joined(self) -> dict[str, Joined]:
        """Joined predictions by name, without those whose files are damaged."""
        return {name: each for name, each in self._joined.items() if isinstance(each, Joined)}

    @property
    def code_versions(self) -> list[str]:
        """Versions of the code that made the finished trainings, one of each state of the sources.

        More than one means that trainings of different code are compared or blended.
        """
        return distinct_sources(
            summary.code
            for model in self.config.models
            for seed in range(self.config.seeds)
            for fold in range(self.config.folds)
            if (summary := self.summary(model, seed, fold))
        )

    def record_failure(
        self, model: str, seed: int, fold: int, reason: str, diverged: bool = False
    ) -> None:
        """Record why a training has no result; one that diverged is not tried again."""
        name = DIVERGED if diverged else FAILED
        write_text(self.fold_folder(model, seed, fold) / name, reason)

    def diverged(self, model: str, seed: int) -> bool:
        """Whether a training of this seed diverged."""
        return any((self.folder / model / f"seed{seed}").glob(f"fold*/{DIVERGED}"))

    @property
    def unfinished(self) -> list[str]:
        """Unfinished models and seeds with the reason: 'mask seed 1 (the loss became nan)'.

        Of a search only damaged ones: it cuts most of its trials short on purpose. Joined
        predictions with damaged files are named, too.
        """
        named = []
        is_search = (self.folder / JOURNAL).exists()
        for model in self.config.models:
            finished = self.finished_seeds(model)
            if not (finished or is_search or any((self.folder / model).glob("seed*/fold*"))):
                named.append(f"{model} (not started)")
                continue
            for seed in range(self.config.seeds):
                why = "" if seed in finished else self._reason(model, seed, is_search)
                named += [f"{model} seed {seed} ({why})"] if why else []
        damaged = {name: why for name, why in self._joined.items() if isinstance(why, DamagedError)}
        return named + [
            f"{name} (joined/{why.path.name} {why.reason}; run its `make join` again)"
            for name, why in damaged.items()
        ]

    def _reason(self, model: str, seed: int, damaged_only: bool) -> str:
        """Why a seed is not finished; empty if it was not started."""
        folds = range(self.config.folds)
        damage = next(filter(None, (self.damage(model, seed, fold) for fold in folds)), None)
        if damage:
            return f"{damage.path.parent.name}/{damage.path.name} {damage.reason}"
        folder = self.folder / model / f"seed{seed}"
        if damaged_only or not folder.exists():
            return ""
        for name in (DIVERGED, FAILED):
            for recorded in sorted(folder.glob(f"fold*/{name}")):
                # The first fold's, if several failed at once.
                return recorded.read_text() or recorded.stem
        done = sum(bool(self.summary(model, seed, fold)) for fold in folds)
        return f"{done} of {self.config.folds} folds finished"

    def _finished(self, task: Task) -> TrainingSummary | None:
        """Read the summary of a training, once if it is finished.

        Raises:
            DamagedError: a file of it is damaged.
        """
        if task in self._summaries:
            return self._summaries[task]
        folder = self.fold_folder(*task)
        summary = TrainingSummary.read(folder)
        if summary:
            held_out = np.flatnonzero(self.fold_table["fold"].to_numpy() == task.fold)
            check_files(folder, self.config.models[task.model], held_out, self.test_faces)
            self._summaries[task] = summary
        return summary

    @cached_property
    def _joined(self) -> dict[str, Joined | DamagedError]:
        """Joined predictions by name, or what is wrong with their file."""
        found: dict[str, Joined | DamagedError] = {}
        for name, checksum in self.config.joined.items():
            folds = self.fold_table["fold"].to_numpy()
            try:
                found[name] = Joined.read(self.folder, name, checksum, folds)
            except DamagedError as error:
                found[name] = error
        return found

    @cached_property
    def _summaries(self) -> dict[Task, TrainingSummary]:
        """Summaries read so far; others may become finished or be repaired meanwhile."""
        return {}
