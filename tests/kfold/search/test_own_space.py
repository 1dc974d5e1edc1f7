"""A search around a model of a user's file: what it varies, and that it keeps the file's text."""

from dataclasses import replace

import pytest
from optuna.distributions import CategoricalDistribution as OneOf
from optuna.distributions import FloatDistribution as Float

from data.system.errors import UserError
from kfold.config.config_file import read_config
from kfold.custom.load import load
from kfold.runs.locate import read_run
from kfold.search.space import MAX_COST, SPACE, space_of
from kfold.search.study import accepted, finished
from kfold.search.winner import write_winner
from tests.kfold.custom.idea import code_file
from tests.kfold.search.searches import REFERENCE, search, start

TEXT = """\
from typing import Annotated
from annotated_types import Ge, Le
from kfold.custom import loss, optimizer

@loss
def absolute(target, prediction, *, power: Annotated[float, Ge(0.5), Le(4)] = 1.0):
    pass

@optimizer
def momentum(recipe, steps, *, beta: float = 0.9):
    pass
"""
CODE = code_file(TEXT, "mine.py")
MINE = replace(REFERENCE, loss="absolute", code=CODE)
OWN = space_of(MINE)
TRIALS = 12


def test_without_a_file_it_varies_what_it_always_did():
    space = space_of(REFERENCE)
    assert (space.reference, space.distributions) == (REFERENCE, SPACE)


def test_a_function_of_ones_own_brings_its_options_and_is_not_replaced():
    assert set(OWN.distributions) == {*SPACE, "options.power"} - {"loss"}
    assert OWN.distributions["options.power"] == Float(0.5, 4)
    assert OWN.reference == replace(MINE, options={"power": 1.0})
    assert OWN.recipe_at(OWN.params) == OWN.reference
    changed = OWN.recipe_at(OWN.params | {"options.power": 2.5, "batch_size": 64})
    assert changed == replace(MINE, options={"power": 2.5}, batch_size=64)


def test_an_optimizer_of_ones_own_takes_a_rate_around_its_own_and_no_decay():
    found = space_of(replace(MINE, optimizer="momentum", learning_rate=0.01)).distributions
    assert not {"optimizer", "weight_decay", "options.beta"} & set(found)
    assert found["learning_rate"] == Float(0.001, 0.1, log=True)


def test_another_network_keeps_its_architecture_and_has_no_cost():
    space = space_of(replace(MINE, network="regression", low_res_share=0.0))
    assert not any(name.startswith(("architecture", "heatmap")) for name in space.distributions)
    assert space.cost(space.reference) is None
    assert OWN.cost(OWN.reference) == 1


def test_values_that_the_house_does_not_try_stay_or_join_the_others():
    unusual = {"policy": "none", "batch_size": 128, "weight_decay": 0.0, "heatmap_weight": 0.25}
    space = space_of(replace(MINE, **unusual, optimizer="adam", learning_rate=0.05))
    found = space.distributions
    assert found["policy"] == OneOf(("flip", "light", "standard", "strong", "none"))
    assert found["batch_size"] == OneOf((16, 32, 64, 128))
    assert found["optimizer"] == OneOf(("muon", "adamw", "adam"))
    assert found["learning_rate"] == Float(0.005, 0.5, log=True)
    assert not {"weight_decay", "heatmap_weight"} & set(found)
    assert space.recipe_at(space.params) == space.reference


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The folder and the study of a search; the best power is 1.5, see `quality`."""
    folder = tmp_path_factory.mktemp("searches") / "tune"
    study, _, _ = search(folder, TRIALS, space=OWN)
    return folder, study


def test_each_trial_keeps_the_file_and_costs_no_more(done):
    folder, study = done
    models = read_run(folder).config.models
    assert len(models) == TRIALS
    assert {recipe.code for recipe in models.values()} == {CODE}
    assert len({recipe.options["power"] for recipe in models.values()}) > 1
    assert max(trial.user_attrs["cost"] for trial in filter(accepted, study.trials)) <= MAX_COST


def test_the_winner_can_be_trained_without_the_file(done):
    folder, study = done
    winner = write_winner(read_run(folder), study, OWN)
    recipe = read_config(winner.config).models["tuned"]
    assert recipe == winner.recipe == OWN.recipe_at(finished(study)[0].params)
    assert recipe.code == CODE
    second = read_config(winner.second_seed).models
    assert second == {f"trial{winner.trial.number}": recipe, "trial0": OWN.reference}


def test_it_goes_on_with_the_same_text_and_refuses_another(done):
    folder, _ = done
    study, pool, _ = search(folder, TRIALS + 1, space=OWN)
    assert {task.model for task in pool.finished} <= {f"trial{study.trials[-1].number}"}
    code = code_file(TEXT.replace("Le(4)", "Le(3)"), "mine.py")
    with pytest.raises(UserError, match=r"(?s)code, mine.py:.* -def abs.* \+def abs.*FORCE=1"):
        start(folder, space_of(replace(MINE, code=code)))


def test_a_space_of_few_parameters_is_searched(tmp_path):
    few = {"options.power": OWN.distributions["options.power"]}
    study, _, _ = search(tmp_path / "tune", 4, space=replace(OWN, distributions=few))
    assert len({trial.params["options.power"] for trial in study.trials}) == 4


def test_heatmaps_of_ones_own_get_a_weight():
    idea = replace(load(code_file()).models["mine"], code=code_file())
    assert "heatmap_weight" in space_of(idea).distributions
    assert "heatmap_weight" not in space_of(replace(idea, network="straight")).distributions
