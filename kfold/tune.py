"""`make tune`: search for a better recipe than the quick preset's, or than one of your own."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from data.system.command import run_command
from data.system.errors import UserError
from kfold.parallel.resources import ComputeOptions

if TYPE_CHECKING:
    from rich.console import Console

    from data.reader import Competition
    from kfold.config.presets import Preset
    from kfold.search.space import Space

TRIALS = 30
"""Budget of a search without a limit."""


@dataclass(frozen=True)
class TuneOptions(ComputeOptions):
    """Search with Optuna for a better recipe than the quick preset's, or than that of a model of
    your own, which is the first trial.

    The same command resumes a search; with more trials or minutes it searches longer.
    """

    data: Path = Path("data/raw")
    """Folder with the competition's four files, zipped or not."""
    run: str = "tune"
    """Name of the search; its folder is that of a run."""
    code: Path | None = None
    """Python file of your own, such as `make cv` takes; the options that it bounds are searched."""
    model: str | None = None
    """Model of CODE to start from, if it has several."""
    folds: int | None = None
    """Number of folds, the quick preset's by default; a trial that is not pruned trains all."""
    epochs: int | None = None
    """Passes over the training rows, for every trial; by default those of the first recipe."""
    trials: int | None = None
    """Trials in all, those of earlier calls included; 30 if neither limit is given."""
    minutes: float | None = None
    """Start no training after so many minutes; running ones are finished."""
    corrections: tuple[Path, ...] = ()
    """Labels to drop or to change in training, such as a run's suspects.csv; one file or more.
    Trials are scored on the original labels."""
    force: bool = False
    """Forget this search and start it again."""


def main(options: TuneOptions) -> None:
    """Search within the budget of `options`, then write winner.json and search.html."""
    if find_spec("optuna") is None:
        raise UserError(
            "tune: expected the package optuna, found none. `make tune` installs it, and so does "
            "`.venv/bin/python -m pip install -c constraints.txt -r requirements-cluster.txt`."
        )
    from data.reader import read_competition
    from data.system.locks import locked
    from data.system.terminal import open_console
    from kfold.parallel.resources import cluster_resources
    from kfold.runs.locate import run_folder

    cluster_resources(options)  # refuses options that contradict each other
    for name, limit in {"folds": 1, "epochs": 0, "trials": 0, "minutes": 0}.items():
        value = getattr(options, name)
        if value is not None and value <= limit:
            raise UserError(f"{name}: expected more than {limit}, found {value}.")
    console, folder = open_console(), run_folder(options.run)
    space = _requested_space(options, console)
    data = read_competition(options.data)
    with locked(folder):
        _search(options, space, folder, data, console)


def _requested_space(options: TuneOptions, console: Console) -> Space:
    """What is searched, around the recipe that is the first trial."""
    from dataclasses import replace
    from functools import partial

    from kfold.config.presets import QUICK
    from kfold.request import Request, requested
    from kfold.search.space import space_of

    if not options.code:
        if options.model:
            raise UserError("MODEL= names a model of a file of your own: pass CODE=<file> as well.")
        (reference,) = QUICK.models.values()
        return space_of(replace(reference, epochs=options.epochs or reference.epochs))
    models = (options.model,) if options.model else ()
    request = Request(code=options.code, models=models, epochs=options.epochs)
    space: Space = requested(request, console, partial(_space_of_one, code=options.code))
    console.print(f"{options.code}: searches {', '.join(space.distributions)}")
    return space


def _space_of_one(preset: Preset, code: Path) -> Space:
    """The space around the only model of a preset."""
    from kfold.search.space import space_of

    if len(preset.models) > 1:
        raise UserError(
            f"{code}: expected MODEL=<name>, the one to search, found the models "
            f"{', '.join(preset.models)}."
        )
    return space_of(*preset.models.values())


def _search(
    options: TuneOptions, space: Space, folder: Path, data: Competition, console: Console
) -> None:
    from functools import partial

    from kfold.config.cv_config import CVConfig
    from kfold.config.presets import QUICK, Preset
    from kfold.parallel.event_loop import run_trainings
    from kfold.parallel.jobs import plan_phases
    from kfold.parallel.pool import open_pool
    from kfold.parallel.resources import cluster_resources
    from kfold.report.search_page import write_search
    from kfold.runs.start import start_run
    from kfold.search.search import Search
    from kfold.search.study import open_study
    from kfold.search.trial import Budget

    limited = options.trials is not None or options.minutes is not None
    budget = Budget(options.trials if limited else TRIALS, options.minutes)
    preset = Preset({"trial0": space.reference}, options.folds or QUICK.folds)
    config = CVConfig(options.data, preset, options.corrections)
    trainings = preset.folds * (budget.trials or 1000)
    workers = cluster_resources(options) or plan_phases(options.jobs, trainings)[0]
    console.print(f"{options.data}: {len(data.train)} training faces")
    _check(options, data, preset.folds)
    _prepare_folder(folder, options.force)
    opened = start_run(config, data, folder, console)  # refuses another reference
    study = open_study(folder, space)
    write = partial(write_search, opened.run, study, space)
    search = Search(opened, study, space, budget, console, on_finish=write)
    with open_pool(workers, opened, trainings, console) as pool, search.progress.shown():
        run_trainings(pool, search)
    console.print(write())


def _check(options: TuneOptions, data: Competition, folds: int) -> None:
    """Refuse corrections and folds that do not fit the faces, before anything is forgotten."""
    from data.correction_files import merge_corrections
    from kfold.folds.assignment import assign_folds
    from kfold.folds.person_groups import person_groups

    if options.corrections:
        merge_corrections(options.corrections, data.train, data.checksum)
    if options.force:
        assign_folds(person_groups(data.train).labels, data.train.annotator, folds)


def _prepare_folder(folder: Path, force: bool) -> None:
    """Mark the folder as a search's, unless it is another run's; with `force`, empty it first."""
    import shutil

    from kfold.runs.run_config import JOURNAL

    if any(folder.iterdir()) and not (folder / JOURNAL).is_file():
        raise UserError(f"{folder}: expected a search, found other files. Pass another RUN=<name>.")
    if force:
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    (folder / JOURNAL).touch()


if __name__ == "__main__":
    run_command(main, TuneOptions)
