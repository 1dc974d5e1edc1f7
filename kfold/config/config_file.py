"""Read what to train from a JSON file; `make config` prints one to start from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data.system.errors import UserError
from kfold.config.cv_config import CORRECTIONS
from kfold.config.names import check_model_names
from kfold.config.presets import Preset
from kfold.config.recipe import MODELS, Recipe, derived
from kfold.config.validation import read_json, validated


def read_config(
    path: Path, corrections: tuple[Path, ...] = (), known: Mapping[str, Recipe] = MODELS
) -> Preset:
    """Read a file such as {"folds": 5, "seeds": 1, "models": {"mine": {"epochs": 20}}}.

    A recipe takes the fields it leaves out from the model that it names, {"like": "mask", "epochs":
    10}, or as `kfold.config.recipe.derived` says; so does its architecture.
    The config.json of a run is accepted, too; it must leave out none. Networks, losses, policies
    and optimizers are not looked up here, see `kfold.custom.names.checked`.

    Args:
        path: the file.
        corrections: the label corrections that are requested with it.
        known: recipes by name, for `like`.

    Raises:
        UserError: there is no such file, or a value in it is wrong; or it is the config.json of a
            run with corrected labels, and no corrections are requested.
    """
    values = read_json(path)
    of_run = isinstance(values, dict) and isinstance(values.get("config"), dict)
    if of_run:
        if values["config"].get("corrections") and not corrections:
            raise UserError(
                f"{path}: that run's labels were corrected. Pass CORRECTIONS="
                f"{path.with_name(CORRECTIONS)} as well, or another file."
            )
        values = {name: values["config"].get(name) for name in ("folds", "seeds", "models")}
    if not isinstance(values, dict) or not isinstance(values.get("models"), dict):
        raise UserError(
            f'{path}: expected {{"folds": 5, "seeds": 1, "models": {{name: recipe}}}}, found no '
            "models. `make config PRESET=quick` prints an example."
        )
    if not of_run:
        models = {
            name: _with_defaults(recipe, known, f"{path}: models.{name}")
            for name, recipe in values["models"].items()
        }
        values = {**values, "models": models}
    preset = validated(Preset, values, str(path), complete=of_run)
    check_model_names(preset.models, f"{path}: models")
    return preset


def _with_defaults(recipe: Any, known: Mapping[str, Recipe], where: str) -> Any:
    if not isinstance(recipe, dict):
        return recipe  # validation refuses it together with all other errors
    given = dict(recipe)
    like = str(given.pop("like")) if "like" in given else None
    return derived(given, like, known, where)
