"""`make tune`: search for a better recipe than the quick preset's."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from data.system.command import run_command
from data.system.errors import UserError
from kfold.parallel.resources import ComputeOptions

if TYPE_CHECKING:
    from data.reader import Competition
    from kfold.config.cv_config import CVConfig

TRIALS = 30
"""Budget of a search without a limit."""


@dataclass(frozen=True)
class TuneOptions(ComputeOptions):
    """Search with Optuna for a better recipe than the quick preset's, which is the first trial.

    The same command resumes a search; with more trials or minutes it searches longer.
    """

    data: Path = Path("data/raw")
    """Folder with the competition's four files, zipped or not."""
    run: str = "tune"
    """Name of the search; its folder is that of a run."""
    folds: int | None = None
    """Number of folds, the quick preset's by default; a trial that is not pruned trains all."""
    epochs: int | None = None
    """Passes over the training rows, for every trial; the quick preset's by default."""
    trials: int | None = None
    """Trials in all, those of earlier calls included; 30 if neither limit is given."""
    minutes: float | None = None
    """Start no training after so many minutes; running ones are finished."""
    corrections: Path | None = None
    """Labels to drop or to change in training, such as a run's suspects.csv; trials are scored on
    the original labels."""
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
    from kfold.runs.locate import run_folder

    for name, limit in {"folds": 1, "epochs": 0, "trials": 0, "minutes": 0}.items():
        value = getattr(options, name)
        if value is not None and value <= limit:
            raise UserError(f"{name}: expected more than {limit}, found {value}.")
    folder = run_folder(options.run)
    data = read_competition(options.data)
    with locked(folder):
        _search(options, _request(options), folder, data)


def _request(options: TuneOptions) -> CVConfig:
    """The reference recipe, which is the first trial, on the folds of the search."""
    from dataclasses import replace

    from kfold.config.cv_config import CVConfig
    from kfold.config.presets import QUICK, Preset

    reference = QUICK.models["heatmap"]
    reference = replace(reference, epochs=options.epochs or reference.epochs)
    preset = Preset({"trial0": reference}, options.folds or QUICK.folds)
    return CVConfig(options.data, preset, options.corrections)


def _search(options: TuneOptions, config: CVConfig, folder: Path, data: Competition) -> None:
    from data.system.terminal import open_console
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
    trainings = config.preset.folds * (budget.trials or 1000)
    workers = cluster_resources(options) or plan_phases(options.jobs, trainings)[0]
    console = open_console()
    console.print(f"{options.data}: {len(data.train)} training faces")
    _check(options, data, config.preset.folds)
    _prepare_folder(folder, options.force)
    reference = config.preset.models["trial0"]
    study = open_study(folder, reference)  # first: its journal marks the run as a search
    opened = start_run(config, data, folder, console)

    def write() -> str:
        return write_search(opened.run, study, reference)

    search = Search(opened, study, reference, budget, console, on_finish=write)
    with open_pool(workers, opened, trainings, console) as pool, search.progress.shown():
        run_trainings(pool, search)
    console.print(write())


def _check(options: TuneOptions, data: Competition, folds: int) -> None:
    """Refuse corrections and folds that do not fit the faces, before anything is forgotten."""
    from data.corrections import read_corrections
    from kfold.folds.assignment import assign_folds
    from kfold.folds.person_groups import person_groups

    if options.corrections:
        read_corrections(options.corrections, data.train, data.checksum)
    if options.force:
        assign_folds(person_groups(data.train).labels, data.train.annotator, folds)


def _prepare_folder(folder: Path, force: bool) -> None:
    """Refuse the folder of another run; with `force`, empty that of a search."""
    import shutil

    from kfold.runs.run_config import JOURNAL

    if any(folder.iterdir()) and not (folder / JOURNAL).is_file():
        raise UserError(f"{folder}: expected a search, found other files. Pass another RUN=<name>.")
    if force:
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()


if __name__ == "__main__":
    run_command(main, TuneOptions)
