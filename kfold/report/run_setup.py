"""How the runs were made: recipes, data, versions, machine."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd

from data.competition import ANNOTATORS
from data.reader import Competition
from kfold.config.architecture import Architecture
from kfold.config.code_file import CodeFile
from kfold.config.cv_config import CORRECTIONS
from kfold.config.recipe import differences
from kfold.leaderboard.leaderboard import Leaderboard
from kfold.runs.locate import made_with
from kfold.runs.run import Run


def recipe_table(leaderboard: Leaderboard) -> pd.DataFrame:
    """Every setting of every finished model, a column per model; none that is empty for all."""
    several = len(leaderboard.runs) > 1
    models = {
        f"{opened.run.name}/{name}" if several else name: asdict(recipe)
        | {
            "architecture": differences(recipe.architecture, Architecture()) or "default",
            "options": ", ".join(f"{option} {at}" for option, at in recipe.options.items()),
            "code": f"{recipe.code.name} {recipe.code.checksum}" if recipe.code else "",
        }
        for opened in leaderboard.runs
        for name, recipe in opened.run.finished_models.items()
    }
    table = _as_text(pd.DataFrame(models), "setting")
    return table[(table.drop(columns="setting") != "").any(axis="columns")]


def code_files(leaderboard: Leaderboard) -> list[CodeFile]:
    """The users' files that finished models were made with, each once."""
    recipes = [
        recipe for opened in leaderboard.runs for recipe in opened.run.finished_models.values()
    ]
    return list(dict.fromkeys(recipe.code for recipe in recipes if recipe.code))


def run_table(leaderboard: Leaderboard) -> pd.DataFrame:
    """Data, folds, versions and machine, a column per run."""
    runs = [opened.run for opened in leaderboard.runs]
    return _as_text(pd.DataFrame({run.name: pd.Series(_facts(run)) for run in runs}), "")


def data_table(data: Competition) -> pd.DataFrame:
    """Numbers of faces and labels, a column per annotator."""
    columns = {}
    for annotator in ANNOTATORS:
        labelled = data.train.labelled[data.train.annotator == annotator]
        columns[f"annotator {annotator}"] = {
            "training faces": f"{len(labelled):,}",
            "labelled keypoints": f"{labelled.sum():,}",
            "with all 15": f"{labelled.all(axis=1).sum():,}",
            "test faces": f"{(data.test.annotator == annotator).sum():,}",
        }
    return _as_text(pd.DataFrame(columns), "")


def _as_text(table: pd.DataFrame, heading: str) -> pd.DataFrame:
    """The same table as text, with its index as the first column."""
    text = table.fillna("").astype(str)
    text.insert(0, heading, table.index, allow_duplicates=True)  # a model may have that name
    return text


def _facts(run: Run) -> dict[str, str]:
    config = run.config
    history = made_with(run.folder)
    names = dict.fromkeys(name for made in history for name in made)
    return {
        "data": config.data,
        "checksum": config.checksum,
        "corrections": _corrections(run),
        "joined": ", ".join(f"{name} {sha[:12]}" for name, sha in config.joined.items()) or "none",
        "folds": f"{config.folds}",
        "seeds": f"{config.seeds}",
        **{name: _changes([made[name] for made in history if name in made]) for name in names},
    }


def _changes(values: list[object]) -> str:
    """The distinct values of a setting over the calls that trained, in order."""
    return ", then ".join(dict.fromkeys(map(str, values)))


def _corrections(run: Run) -> str:
    if not run.config.corrections:
        return "none"
    lines = len((run.folder / CORRECTIONS).read_text().splitlines()) - 1
    return f"{lines} lines of {CORRECTIONS}, checksum {run.config.corrections[:12]}"
