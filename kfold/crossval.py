"""Train every model on every fold with every seed, skipping what is finished."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.console import Console

from data.errors import UserError
from data.faces import Faces
from data.reader import Competition
from kfold.folds import deal_groups
from kfold.groups import person_groups
from kfold.progress import Trainings, clock
from kfold.run import Run, read_folds, write_folds

Task = tuple[str, int, int]


def deal_folds(run: Run, faces: Faces, console: Console) -> np.ndarray:
    """The fold of every training row, int64 (N,): dealt once, then read from the run.

    Raises:
        UserError: the faces do not allow so many folds.
    """
    folds = read_folds(run)
    if folds is None:
        groups = person_groups(faces)
        folds = deal_groups(groups.labels, faces.annotator, run.config.folds)
        write_folds(run, faces, groups.labels, folds)
        console.print(f"{groups} faces; no group crosses folds")
    return folds


def cross_validate(
    run: Run,
    models: Sequence[str],
    seeds: int,
    data: Competition,
    folds: np.ndarray,
    console: Console,
) -> None:
    """Fit `models` on every fold with seeds 0 to `seeds` - 1, in the folder of `run`.

    A model whose loss diverges is left out with a message; the others go on.

    Args:
        run: where the trainings are kept; finished ones are skipped.
        models: names among those of the run's configuration.
        seeds: trainings of each model on each fold.
        data: the competition's faces.
        folds: int (N,), the fold of every training row.
        console: where progress is shown.

    Raises:
        UserError: every model diverged, or one had no row to train on.
    """
    tasks = [
        (model, seed, fold)
        for seed in range(seeds)
        for model in models
        for fold in range(run.config.folds)
    ]
    left = [task for task in tasks if not run.summary(*task)]
    for model, seed, fold in tasks:
        if (model, seed, fold) not in left:
            console.print(f"{_label(model, seed, fold, run)}: finished before, skipped")
    epochs = sum(run.config.models[model].epochs for model, _, _ in left)
    with Trainings(console, epochs).shown() as progress:
        diverged = _train(run, left, data, folds, progress)
    if diverged and not any(run.finished_seeds(model) for model in run.config.models):
        raise UserError(f"no model is left: {', '.join(sorted(diverged))} diverged.")


def _train(
    run: Run, tasks: list[Task], data: Competition, folds: np.ndarray, progress: Trainings
) -> set[str]:
    """Fit the tasks one after the other; return the names of the models that diverged."""
    if not tasks:
        return set()
    from kfold.fit import DivergedError, fit_fold  # imports TensorFlow: only when training

    diverged: set[tuple[str, int]] = set()
    for model, seed, fold in tasks:
        recipe, label = run.config.models[model], _label(model, seed, fold, run)
        if (model, seed) in diverged:
            progress.skip(recipe.epochs)
            continue
        task = progress.training(label, recipe.epochs)
        folder = run.fold_folder(model, seed, fold)
        try:
            summary = fit_fold(recipe, data.train, data.test, folds, fold, seed, folder, task.epoch)
        except DivergedError as error:
            diverged.add((model, seed))
            task.abandon()
            progress.say(f"{label}: {error} Seed {seed} of {model} is left out.")
        else:
            progress.say(
                f"{label}: RMSE {summary['rmse']:.3f} in {clock(summary['seconds'])}, "
                f"{summary['images_per_second']:.0f} images/s"
            )
    return {model for model, _ in diverged}


def _label(model: str, seed: int, fold: int, run: Run) -> str:
    return f"{model}, seed {seed}, fold {fold + 1}/{run.config.folds}"
