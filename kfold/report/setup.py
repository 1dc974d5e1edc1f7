"""How the runs were made: configuration, data, versions, machine."""

from __future__ import annotations

from dataclasses import asdict

from data.reader import Competition
from kfold.recipe import differences
from kfold.report.subject import Subject
from kfold.run import Run, made_with
from kfold.run_config import CORRECTIONS
from kfold.shape import Shape
from kfold.tables import Rows


def recipe_table(subject: Subject) -> Rows:
    """Every setting of every model on the leaderboard, a column a model."""
    models = {
        (f"{run.folder.name}/{name}" if len(subject.runs) > 1 else name): (
            asdict(recipe) | {"shape": differences(recipe.shape, Shape())}
        )
        for run, _ in subject.runs
        for name, recipe in run.finished_models.items()
    }
    settings = next(iter(models.values()))
    return [
        ["setting", *models],
        *([name, *(f"{model[name]}" for model in models.values())] for name in settings),
    ]


def run_table(subject: Subject) -> Rows:
    """Data, folds, versions and machine, a column a run."""
    columns = {run.folder.name: _facts(run) for run, _ in subject.runs}
    names = dict.fromkeys(name for facts in columns.values() for name in facts)
    return [
        ["", *columns],
        *([name, *(facts.get(name, "") for facts in columns.values())] for name in names),
    ]


def data_table(data: Competition) -> Rows:
    """How many faces and labels there are of each annotator."""
    rows = [["", "annotator 1", "annotator 2"]]
    one = data.train.annotator == 1
    for title, values in {
        "training faces": (one.sum(), (~one).sum()),
        "labelled keypoints": (data.train.labelled[one].sum(), data.train.labelled[~one].sum()),
        "with all 15": (
            data.train.labelled[one].all(axis=1).sum(),
            data.train.labelled[~one].all(axis=1).sum(),
        ),
        "test faces": ((data.test.annotator == 1).sum(), (data.test.annotator == 2).sum()),
    }.items():
        rows.append([title, *(f"{value:,}" for value in values)])
    return rows


def _facts(run: Run) -> dict[str, str]:
    config = run.config
    history = made_with(run.folder)
    names = dict.fromkeys(name for made in history for name in made)
    return {
        "data": config.data,
        "checksum": config.checksum,
        "corrections": _corrections(run),
        "folds": f"{config.folds}",
        "seeds": f"{config.seeds}",
        **{name: _history([made[name] for made in history if name in made]) for name in names},
    }


def _history(values: list[object]) -> str:
    """What something was at each call that trained, in order."""
    return ", then ".join(dict.fromkeys(map(str, values)))


def _corrections(run: Run) -> str:
    if not run.config.corrections:
        return "none"
    lines = len((run.folder / CORRECTIONS).read_text().splitlines()) - 1
    return f"{lines} lines of {CORRECTIONS}, checksum {run.config.corrections[:12]}"
