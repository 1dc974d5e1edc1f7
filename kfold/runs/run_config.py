"""The configuration of a run, and which of its fields may change later."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, ClassVar

from annotated_types import Ge

from data.system.errors import UserError
from kfold.config.cv_config import CORRECTIONS
from kfold.config.recipe import Count, Recipe
from kfold.config.validation import STRICT

CONFIG = "config.json"
JOURNAL = "search.journal"
"""Files in the folder of a run; the last one marks a search."""


@dataclass(frozen=True)
class RunConfig:
    """Everything needed to repeat a run.

    Attributes:
        data: the folder with the competition's files.
        checksum: SHA-256 of their decoded content, in hex.
        folds: how many folds the rows are assigned to.
        seeds: trainings per model and fold, with seeds 0, 1, ...
        models: recipes by model name.
        corrections: SHA-256 of the run's corrections.csv, in hex; empty without one.
        joined: checksums of predictions that were made elsewhere, in hex, by name; see
            `kfold.runs.joined`.
    """

    __pydantic_config__: ClassVar = STRICT

    data: str
    checksum: str
    folds: Annotated[int, Ge(2)]
    seeds: Count
    models: dict[str, Recipe]
    corrections: str = ""
    joined: dict[str, str] = field(default_factory=dict)


def refuse_changes(folder: Path, before: RunConfig, now: RunConfig) -> None:
    """Refuse a configuration that does not fit the finished trainings of a run.

    Models and seeds may be added.

    Raises:
        UserError: data, folds, corrections or the recipe of a model changed; names each change.
    """
    values = {
        "data checksum": (before.checksum, now.checksum),
        "folds": (before.folds, now.folds),
        "corrections": tuple(run.corrections[:12] or "none" for run in (before, now)),
    }
    changed = [name for name, (old, new) in values.items() if old != new]
    models = [
        name for name, recipe in before.models.items() if now.models.get(name, recipe) != recipe
    ]
    changes = [f"{name} was {old}, now {new}" for name, (old, new) in values.items() if old != new]
    for model in models:
        changes += _changes(model, before.models[model], now.models[model])
    if changes:
        shown = "; ".join(changes)
        end = "\n" if "\n" in shown else ". "
        raise UserError(
            f"{folder} was made with another configuration: {shown}{end}"
            f"Pass another RUN=<name>{_alternative(folder, before, changed, models)}."
        )


def _changes(model: str, before: Recipe, now: Recipe) -> list[str]:
    """What changed in the recipe of a model, field by field; of a file of code, line by line."""
    if before.code and now.code and before.code != now.code:
        text = f"{model}.code, {now.code.name}:\n{before.code.difference(now.code)}"
        return [*_changes(model, replace(before, code=None), replace(now, code=None)), text]
    old, new = asdict(before), asdict(now)
    old["code"], new["code"] = (each.code and each.code.name for each in (before, now))
    return [
        f"{model}.{name} was {old[name]}, now {new[name]}" for name in old if old[name] != new[name]
    ]


def _alternative(folder: Path, before: RunConfig, changed: list[str], models: list[str]) -> str:
    """Another way than a new name, by the `changed` fields of the run and the `models` changed."""
    if changed == ["corrections"] and before.corrections:
        return f", or its own CORRECTIONS={folder / CORRECTIONS}"
    if changed == ["folds"] and not models:
        return f", or FOLDS={before.folds}"
    if (folder / JOURNAL).exists():
        return ", or, to `make tune`, FORCE=1 to forget this search and start it again"
    force = f', or MODELS="{" ".join(models)}" FORCE=1 to forget what was trained otherwise'
    return "" if changed else force
