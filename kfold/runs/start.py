"""Start or resume a run: its configuration, its corrections, its folds."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console

from data.correction_files import merge_corrections
from data.reader import Competition
from data.system.atomic import write_json, write_text
from data.system.errors import UserError
from kfold.config.cv_config import CORRECTIONS, CVConfig
from kfold.config.names import check_model_names
from kfold.folds.assignment import assign_folds
from kfold.folds.person_groups import person_groups
from kfold.runs.code_version import code_version, distinct_sources
from kfold.runs.fold_table import FOLDS, write_folds
from kfold.runs.joined import joined_files
from kfold.runs.locate import made_with, read_run
from kfold.runs.open_run import OpenRun, open_run
from kfold.runs.run import Run
from kfold.runs.run_config import CONFIG, JOURNAL, RunConfig, refuse_changes
from kfold.runs.task import DONE
from kfold.runs.versions import this_machine


def start_run(
    config: CVConfig, data: Competition, folder: Path, console: Console, force: bool = False
) -> OpenRun:
    """Start a run, or resume the one in `folder`.

    Args:
        config: what to train; its corrections are copied into the run.
        data: the files in `config.data`.
        folder: of the run, there or not.
        console: where it is printed what was read and assigned.
        force: forget the trainings asked for.

    Raises:
        UserError: the run there was made with another configuration, the corrections do not fit
            the data, or the faces do not allow so many folds.
    """
    preset = config.preset
    wanted = RunConfig(str(config.data), data.checksum, preset.folds, preset.seeds, preset.models)
    if config.corrections:
        merged = merge_corrections(config.corrections, data.train, data.checksum)
        wanted = replace(wanted, corrections=hashlib.sha256(merged.content).hexdigest())
    run = configure_run(folder, wanted, force)
    if config.corrections:
        write_text(folder / CORRECTIONS, merged.content.decode())
        files = ", ".join(map(str, config.corrections))
        console.print(f"{files}: {merged.changes} corrections, for training only")
    _ensure_folds(run, data, console)
    opened = open_run(run, data)
    _warn_of_other_code(opened.run, console)
    return opened


def configure_run(folder: Path, config: RunConfig, force: bool = False) -> Run:
    """Write the configuration of a run; an existing run may gain models, seeds, joined predictions.

    Args:
        folder: of the run, there or not.
        config: models, seeds and joined predictions to add, and everything else as it must be.
        force: forget the trainings asked for, and all of a model whose recipe changed.

    Raises:
        UserError: the run was made with other data, folds or recipes, a model's name cannot be
            that of a folder or is that of joined predictions, `force` would forget the trials of a
            search, or Keras's backend is not installed.
    """
    made = this_machine()
    history = [made]
    started = _started(folder)
    before = read_run(folder).config if started else config
    joined = before.joined | config.joined
    check_model_names(before.models | config.models, f"{folder}: models", joined)
    if not before.models:  # nothing is trained on the labels yet
        before = replace(before, corrections=config.corrections)
    if started:
        kept = replace(before, models=before.models | config.models) if force else before
        refuse_changes(folder, kept, config)
        if force:
            _forget(folder, before, config)
        models, seeds = before.models | config.models, max(before.seeds, config.seeds)
        config = replace(config, models=models, seeds=seeds, joined=joined)
        earlier = made_with(folder)
        history = earlier if made in earlier[-1:] else [*earlier, made]
    write_json(folder / CONFIG, {"config": asdict(config), "made_with": history})
    return Run(folder, config, code_version())


def _ensure_folds(run: Run, data: Competition, console: Console) -> None:
    """Assign folds, unless the run has them: it keeps them for good."""
    if (run.folder / FOLDS).is_file():
        return
    groups = person_groups(data.train)
    folds = assign_folds(groups.labels, data.train.annotator, run.config.folds)
    write_folds(run.folder, data.train, groups.labels, folds)
    console.print(f"{groups} faces; no group crosses folds")


def _warn_of_other_code(run: Run, console: Console) -> None:
    others = distinct_sources([run.code, *run.code_versions])[1:]
    if others:
        console.print(
            f"{run.folder}: trainings of other code are kept: {' and '.join(others)}. This is "
            f"{run.code}; FORCE=1 trains again what is asked for."
        )


def _started(folder: Path) -> bool:
    """Whether anything in the folder depends on its configuration; until then all may change."""
    trained = any(folder.glob(f"*/seed*/fold*/{DONE}"))
    return (folder / FOLDS).is_file() or trained or bool(joined_files(folder))


def _forget(folder: Path, before: RunConfig, config: RunConfig) -> None:
    if (folder / JOURNAL).exists():
        raise UserError(
            f"{folder}: this is a search, which would lose its trials. Start it again with "
            "`make tune FORCE=1`, or pass another RUN=<name>."
        )
    for model, recipe in config.models.items():
        if before.models.get(model) != recipe:
            shutil.rmtree(folder / model, ignore_errors=True)
        for seed in range(config.seeds):
            shutil.rmtree(folder / model / f"seed{seed}", ignore_errors=True)
