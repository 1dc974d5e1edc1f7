"""`make tune`: search for a better recipe than ours, and write the best as a configuration."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import UserError, run_command
from kfold.place import Place

if TYPE_CHECKING:
    from data.faces import Faces
    from data.reader import Competition

TRIALS = 30


@dataclass(frozen=True)
class Options(Place):
    """Search with Optuna for a better recipe than the quick preset's, which is the first trial.

    The same command goes on with a search; with more trials or minutes it searches longer.
    """

    data: Path = Path("data/raw")
    """Folder with the competition's four files, zipped or not."""
    run: str = "tune"
    """Name of the search; its folder is that of a run."""
    folds: int | None = None
    """How many folds, the quick preset's by default; a trial that is not cut short trains all."""
    epochs: int | None = None
    """Passes over the training rows, for every trial; the quick preset's by default."""
    trials: int | None = None
    """Trials in all, those of earlier calls included; 30 where there is no limit in minutes."""
    minutes: float | None = None
    """Start no training after so many minutes; those that run then are finished."""
    corrections: Path | None = None
    """Labels to drop or to change in training, such as a run's suspects.csv; trials are scored on
    the labels as they are."""
    force: bool = False
    """Forget this search and begin it again."""


def main(options: Options) -> None:
    """Search within the budget of `options`, then write winner.json and search.html."""
    if find_spec("optuna") is None:
        raise UserError(
            "tune: expected the package optuna, found none. `make tune` installs it, and so does "
            "`.venv/bin/python -m pip install -c constraints.txt -r requirements-cluster.txt`."
        )
    from data.atomic import locked
    from data.reader import read_competition
    from kfold.run import run_folder

    for name, bound in {"folds": 1, "epochs": 0, "trials": 0, "minutes": 0}.items():
        value = getattr(options, name)
        if value is not None and value <= bound:
            raise UserError(f"{name}: expected more than {bound}, found {value}.")
    folder = run_folder(options.run)
    data = read_competition(options.data)
    with locked(folder):
        _search(options, folder, data)


def _search(options: Options, folder: Path, data: Competition) -> None:
    from dataclasses import replace

    from data.terminal import open_console
    from kfold.begin import begin_run
    from kfold.candidate import Budget
    from kfold.crossval import start_at
    from kfold.jobs import plan_phases
    from kfold.need import cluster_need
    from kfold.presets import QUICK
    from kfold.report.search_page import write_search
    from kfold.run_config import RunConfig
    from kfold.search import Search
    from kfold.study import open_study

    limited = options.trials is not None or options.minutes is not None
    budget = Budget(options.trials if limited else TRIALS, options.minutes)
    folds = options.folds or QUICK.folds
    trainings = folds * (budget.trials or 1000)
    need = cluster_need(options)
    place = need or plan_phases(options.jobs, trainings)[0]
    console = open_console()
    console.print(f"{options.data}: {len(data.train)} training faces")
    _check(options, data.train, folds)
    _make_room(folder, options.force)
    reference = QUICK.models["heatmap"]
    reference = replace(reference, epochs=options.epochs or reference.epochs)
    study = open_study(folder, reference)  # first: its journal tells a search from another run
    models = {"trial0": reference}
    config = RunConfig(str(options.data), data.checksum, folds, 1, models)
    run, _ = begin_run(folder, config, options.corrections, data.train, console)

    def write() -> str:
        return write_search(run, study, reference)

    search = Search(run, study, reference, data.train, budget, console, on_finish=write)
    with start_at(place, run, trainings, console) as trainers:
        search.train(trainers)
    console.print(write())


def _check(options: Options, faces: Faces, folds: int) -> None:
    """Refuse corrections and folds that the faces do not allow before anything is forgotten."""
    from data.corrections import read_corrections
    from kfold.folds import deal_groups
    from kfold.groups import person_groups

    if options.corrections:
        read_corrections(options.corrections, faces)
    if options.force:
        deal_groups(person_groups(faces).labels, faces.annotator, folds)


def _make_room(folder: Path, force: bool) -> None:
    import shutil

    from kfold.run_config import JOURNAL

    if any(folder.iterdir()) and not (folder / JOURNAL).is_file():
        raise UserError(f"{folder}: expected a search, found other files. Pass another RUN=<name>.")
    if force:
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()


if __name__ == "__main__":
    run_command(main, Options)
