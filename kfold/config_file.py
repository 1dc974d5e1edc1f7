"""What to train, from a JSON file of the user's; `make config` prints one to start from."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from data.errors import UserError, run_command
from kfold.presets import Preset, preset_of
from kfold.recipe import check_network, recipe_of
from kfold.run_config import CORRECTIONS
from kfold.validate import read_json, validated

TAKEN = ("constant", "mean", "stack", "refined", "predicted", "exported")
"""Lines of the leaderboard and folders of a run that are no models."""

LIKE = "heatmap"
"""The known recipe that fills in what a model leaves out, unless it names another as `like`."""


def read_config(path: Path, corrections: Path | None = None) -> Preset:
    """What a file such as {"folds": 5, "seeds": 1, "models": {"mine": {"epochs": 20}}} asks for.

    A run's config.json will do as well. A recipe may leave out what is as in `heatmap`, or as in
    the model that it names, {"like": "mask", "epochs": 10}; and its shape what is as in `Shape`.

    Args:
        path: of the file.
        corrections: of labels, that are asked for beside it.

    Raises:
        UserError: there is no such file, or it says something else; or it is that of a run with
            corrected labels, and no corrections are asked for.
    """
    values = read_json(path)
    if isinstance(values, dict) and isinstance(values.get("config"), dict):  # a run's
        if values["config"].get("corrections") and not corrections:
            raise UserError(
                f"{path}: that run's labels were corrected. Pass CORRECTIONS="
                f"{path.with_name(CORRECTIONS)} as well, or others."
            )
        values = {name: values["config"].get(name) for name in ("folds", "seeds", "models")}
    if not isinstance(values, dict) or not isinstance(values.get("models"), dict):
        raise UserError(
            f'{path}: expected {{"folds": 5, "seeds": 1, "models": {{name: recipe}}}}, found no '
            "models. `make config PRESET=quick` prints an example."
        )
    models = {name: _filled(recipe, path) for name, recipe in values["models"].items()}
    preset = validated(Preset, {**values, "models": models}, str(path))
    for name, recipe in preset.models.items():
        if not re.fullmatch(r"\w[\w.-]*", name):
            raise UserError(f"{path}: models: expected plain names, found {name!r}.")
        if name in TAKEN:
            raise UserError(
                f"{path}: models: {name!r} is the name of something else; take another."
            )
        check_network(recipe, f"{path}: models.{name}")
    return preset


def _filled(recipe: Any, path: Path) -> Any:
    if not isinstance(recipe, dict):
        return recipe  # refused with all else that is wrong
    given = dict(recipe)
    return asdict(recipe_of(str(given.pop("like", LIKE)))) | given


@dataclass(frozen=True)
class Options:
    """Print what a preset trains, as a file that `make cv CONFIG=` takes."""

    preset: str = "standard"
    """Name of the preset."""


def main(options: Options) -> None:
    """Print the preset that `options` name."""
    import json

    print(json.dumps(asdict(preset_of(options.preset)), indent=2))


if __name__ == "__main__":
    run_command(main, Options)
