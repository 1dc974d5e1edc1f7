"""What a run is made from, and what of it may change later."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

from data.errors import UserError
from data.files import UNPACKED
from kfold.recipe import Recipe
from kfold.validate import STRICT

CORRECTIONS = "corrections.csv"
JOURNAL = "search.journal"


@dataclass(frozen=True)
class RunConfig:
    """Everything needed to repeat a run.

    Attributes:
        data: the folder with the competition's files.
        checksum: SHA-256 of those files, in hex.
        folds: how many folds the rows are dealt into.
        seeds: how many times each model is trained on each fold, with seeds 0, 1, ...
        models: recipes by model name.
        corrections: SHA-256 of the run's corrections.csv, in hex; empty without one.
    """

    __pydantic_config__: ClassVar = STRICT

    data: str
    checksum: str
    folds: int
    seeds: int
    models: dict[str, Recipe]
    corrections: str = ""


def refuse_changes(folder: Path, before: RunConfig, now: RunConfig) -> None:
    """Refuse to go on with a run in a way that its finished trainings do not fit.

    Raises:
        UserError: other data, folds, corrections or recipes of models that both name.
    """
    pairs = {
        "data checksum": (before.checksum, now.checksum),
        "folds": (before.folds, now.folds),
        "corrections": tuple(run.corrections[:12] or "none" for run in (before, now)),
    }
    of_all = [name for name, (old, new) in pairs.items() if old != new]
    changed = [
        name for name, recipe in before.models.items() if now.models.get(name, recipe) != recipe
    ]
    for model in changed:
        old, new = asdict(before.models[model]), asdict(now.models[model])
        pairs |= {f"{model}.{field}": (old[field], new[field]) for field in old}
    changes = [f"{name} was {old}, now {new}" for name, (old, new) in pairs.items() if old != new]
    if changes:
        raise UserError(
            f"{folder} was made with another configuration: {'; '.join(changes)}. "
            f"Pass another RUN=<name>{_other_way(folder, of_all, before, changed)}."
        )


def _other_way(folder: Path, of_all: list[str], before: RunConfig, changed: list[str]) -> str:
    """What may be done instead of giving another name, where all models differ in `of_all`."""
    if "data checksum" in of_all:
        return f"; {UNPACKED}"
    if of_all == ["corrections"] and before.corrections:
        return f", or its own CORRECTIONS={folder / CORRECTIONS}"
    if (folder / JOURNAL).exists():
        return ", or, to `make tune`, FORCE=1 to forget this search and begin it again"
    again = f', or MODELS="{" ".join(changed)}" FORCE=1 to forget what was trained otherwise'
    return "" if of_all else again
