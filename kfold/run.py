"""A run is a folder, and the folder is its only state."""

from __future__ import annotations

import csv
import io
import json
import os
import platform
import re
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from data.atomic import write_json, write_text
from data.errors import UserError
from data.faces import Faces
from data.files import UNPACKED
from data.reader import Competition, read_competition
from kfold.recipe import Recipe
from kfold.run_config import JOURNAL, RunConfig, refuse_changes
from kfold.validate import read_json, validated
from kfold.versions import installed_versions

RUNS = Path("runs")
_DIVERGED = "diverged.txt"
_FAILED = "failed.txt"


@dataclass(frozen=True)
class Run:
    """The folder of a run and the configuration it was made with."""

    folder: Path
    config: RunConfig

    def fold_folder(self, model: str, seed: int, fold: int) -> Path:
        """Where one training keeps its files."""
        return self.folder / model / f"seed{seed}" / f"fold{fold}"

    def summary(self, model: str, seed: int, fold: int) -> dict[str, Any] | None:
        """What a finished training says of itself (see `kfold.fit`), None if it is not finished."""
        done = self.fold_folder(model, seed, fold) / "done.json"
        return json.loads(done.read_text()) if done.is_file() else None

    def finished_seeds(self, model: str) -> list[int]:
        """Seeds for which every fold of `model` is finished."""
        return [
            seed
            for seed in range(self.config.seeds)
            if all(self.summary(model, seed, fold) for fold in range(self.config.folds))
        ]

    @property
    def finished_models(self) -> dict[str, Recipe]:
        """Recipes of the models that have such a seed, by name."""
        models = self.config.models.items()
        return {name: recipe for name, recipe in models if self.finished_seeds(name)}

    def leave_out(self, model: str, seed: int, fold: int, why: str, diverged: bool) -> None:
        """Keep why a training came to nothing: until it is tried again, unless it diverged."""
        write_text(self.fold_folder(model, seed, fold) / (_DIVERGED if diverged else _FAILED), why)

    def diverged(self, model: str, seed: int) -> bool:
        """Whether a training of this seed diverged, as it would again."""
        return any((self.folder / model / f"seed{seed}").glob(f"fold*/{_DIVERGED}"))

    @property
    def left_out(self) -> list[str]:
        """Which seeds of which models are not finished, and why: 'mask seed 1 (it diverged)'.

        A search's are not named: it cuts most short.
        """
        if (self.folder / JOURNAL).exists():
            return []
        named = []
        for model in self.config.models:
            seeds = {seed: self._why(model, seed) for seed in range(self.config.seeds)}
            if not any((self.folder / model).glob("seed*/fold*")):
                named.append(f"{model} (not begun)")
            named += [f"{model} seed {seed} ({why})" for seed, why in seeds.items() if why]
        return named

    def _why(self, model: str, seed: int) -> str:
        """Why a seed is not finished; empty if it is, or was not begun."""
        folder = self.folder / model / f"seed{seed}"
        told = [
            path for name in (_DIVERGED, _FAILED) for path in sorted(folder.glob(f"fold*/{name}"))
        ]
        if told:
            return told[0].read_text()  # of folds that come to nothing side by side, the first
        done = sum(bool(self.summary(model, seed, fold)) for fold in range(self.config.folds))
        if done == self.config.folds or not folder.exists():
            return ""
        return f"{done} of {self.config.folds} folds finished"


def run_folder(name: str, runs: Path = RUNS) -> Path:
    """The folder of the run called `name`.

    Raises:
        UserError: the name would lead out of the folder of all runs.
    """
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise UserError(f"RUN: expected a plain name such as 'first', found {name!r}.")
    return runs / name


def read_run(folder: Path) -> Run:
    """Open an existing run.

    Raises:
        UserError: there is no run in this folder, or one that this version cannot read.
    """
    path = folder / "config.json"
    if not path.is_file():
        runs = sorted(p.parent.name for p in folder.parent.glob("*/config.json"))
        raise UserError(
            f"{folder}: expected a run, found none. Runs there: {', '.join(runs) or 'none'}. "
            "Run `make cv` first, or pass RUN=<name>."
        )
    values = read_json(path)
    config = values.get("config") if isinstance(values, dict) else None
    return Run(folder, validated(RunConfig, config, str(path)))


def made_with(folder: Path) -> list[dict[str, Any]]:
    """Machine and versions of each call that opened a run, where they changed, in order."""
    made = read_json(folder / "config.json").get("made_with", [])
    return made if isinstance(made, list) else [made]  # of an earlier version of this project


def latest_run(runs: Path = RUNS) -> Path:
    """The folder of the run whose configuration was written last, if it got as far as folds.

    A search, whose models are trained to be compared, is no such run.

    Raises:
        UserError: there is no run yet.
    """
    configs = [
        path
        for path in runs.glob("*/config.json")
        if path.with_name("folds.csv").exists() and not path.with_name(JOURNAL).exists()
    ]
    if not configs:
        raise UserError(f"{runs}: expected a run, found none. Run `make cv` first.")
    return max(configs, key=lambda path: path.stat().st_mtime).parent


def open_run(folder: Path, config: RunConfig, force: bool = False) -> Run:
    """Start a run, or take up the one in `folder`, which may gain models and seeds.

    Args:
        folder: of the run.
        config: what is asked for now.
        force: forget the trainings that are asked for, and all of a model whose recipe changed.

    Raises:
        UserError: the run there was made with other data, folds or recipes, or is a search whose
            trials would be forgotten; or Keras's backend is missing.
    """
    made = {"system": platform.platform(), "cores": os.cpu_count(), **installed_versions()}
    history = [made]
    if _begun(folder):
        before = read_run(folder).config
        kept = replace(before, models=before.models | config.models) if force else before
        refuse_changes(folder, kept, config)
        if force:
            _forget(folder, before, config)
        config = replace(
            config, models=before.models | config.models, seeds=max(before.seeds, config.seeds)
        )
        earlier = made_with(folder)
        history = earlier if made in earlier[-1:] else [*earlier, made]
    write_json(folder / "config.json", {"config": asdict(config), "made_with": history})
    return Run(folder, config)


def _begun(folder: Path) -> bool:
    """Whether anything there depends on its configuration; before, all may change."""
    trained = folder.glob("*/seed*/fold*/done.json")
    return (folder / "folds.csv").is_file() or any(trained)


def _forget(folder: Path, before: RunConfig, config: RunConfig) -> None:
    if (folder / JOURNAL).exists():
        raise UserError(
            f"{folder}: this is a search, which would lose its trials. Begin it again with "
            "`make tune FORCE=1`, or pass another RUN=<name>."
        )
    for model, recipe in config.models.items():
        if before.models.get(model) != recipe:
            shutil.rmtree(folder / model, ignore_errors=True)
        for seed in range(config.seeds):
            shutil.rmtree(folder / model / f"seed{seed}", ignore_errors=True)


def write_folds(run: Run, faces: Faces, groups: np.ndarray, folds: np.ndarray) -> None:
    """Write folds.csv: the annotator, group and fold of every training row."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["row", "annotator", "group", "fold"])
    columns = (faces.ids, faces.annotator, groups, folds)
    table.writerows(zip(*(column.tolist() for column in columns), strict=True))
    write_text(run.folder / "folds.csv", text.getvalue())


def read_folds(run: Run) -> np.ndarray | None:
    """Int64 (N,), the fold of every training row; None before they are dealt."""
    path = run.folder / "folds.csv"
    if not path.is_file():
        return None
    return np.loadtxt(path, np.int64, delimiter=",", skiprows=1, usecols=3)


def read_groups(run: Run) -> np.ndarray:
    """Int64 (N,), the group of every training row of a run whose folds are dealt."""
    return np.loadtxt(run.folder / "folds.csv", np.int64, delimiter=",", skiprows=1, usecols=2)


def open_finished(
    name: str | None, data: Path | None = None
) -> tuple[Run, Competition, np.ndarray]:
    """Open a run to read from: the run, its data and the fold of every training row.

    Args:
        name: of the run; None for the latest.
        data: the folder with the competition's files; None for where they were.

    Raises:
        UserError: no such run, or other data than it was made with.
    """
    run = read_run(run_folder(name) if name else latest_run())
    if data:
        run = replace(run, config=replace(run.config, data=str(data)))
    return run, *open_data(run)


def open_data(run: Run) -> tuple[Competition, np.ndarray]:
    """Read what a run is made from: its data and the fold of every training row, int64 (N,).

    Raises:
        UserError: there are no folds, or other data than the run was made with.
    """
    competition = read_competition(Path(run.config.data))
    folds = read_folds(run)
    if folds is None:
        raise UserError(f"{run.folder}: expected folds.csv, found none. Run `make cv` again.")
    if competition.checksum != run.config.checksum:
        raise UserError(
            f"{run.config.data}: these are other files than {run.folder} was made with. "
            f"Pass DATA=<folder> with the same ones; {UNPACKED}."
        )
    return competition, folds
