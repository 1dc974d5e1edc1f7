"""The winner of a search as configurations for `make cv`: winner.json and second_seed.json."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from optuna.study import Study
from optuna.trial import FrozenTrial

from data.system.atomic import write_json
from data.system.errors import UserError
from kfold.config.presets import STANDARD, Preset
from kfold.config.recipe import Recipe
from kfold.runs.run import Run
from kfold.search.space import Space
from kfold.search.study import finished, is_reference, model_of


@dataclass(frozen=True)
class Winner:
    """The best trial of a search, and where its configurations are.

    Attributes:
        trial: the finished trial with the lowest capped RMSE.
        recipe: what it trained.
        reference: the trial of the recipe that the search started from; None if unfinished.
        config: winner.json, the recipe on the standard preset's folds.
        second_seed: second_seed.json, winner and reference on the search's folds with two seeds.
    """

    trial: FrozenTrial
    recipe: Recipe
    reference: FrozenTrial | None
    config: Path
    second_seed: Path


def write_winner(run: Run, study: Study, space: Space) -> Winner:
    """Write winner.json and second_seed.json into the folder of a search.

    The winner was chosen by its score, which is therefore biased. By winner.json it is trained on
    the standard preset's folds, so it is scored by other trainings, and can join that preset's run.
    By second_seed.json, winner and reference are trained on the search's folds with a second seed.

    Args:
        run: of the search.
        study: with its trials.
        space: what is searched, around the reference.

    Raises:
        UserError: no trial is finished.
    """
    trials = finished(study)
    if not trials:
        raise UserError(
            f"{run.folder}: expected a trial with all folds finished, found none yet. Run the same "
            "command again, with a larger MINUTES= or TRIALS=."
        )
    best, reference = trials[0], next(filter(is_reference, trials), None)
    recipe = space.recipe_at(best.params)
    models = {model_of(best): recipe}
    if reference:
        models[model_of(reference)] = space.reference
    winner = Winner(
        best, recipe, reference, run.folder / "winner.json", run.folder / "second_seed.json"
    )
    write_json(winner.config, asdict(Preset({"tuned": recipe}, STANDARD.folds)))
    write_json(winner.second_seed, asdict(Preset(models, run.config.folds, seeds=2)))
    return winner
