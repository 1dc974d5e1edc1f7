"""What a search proposes: the reference, variations of it, and nothing that costs too much."""

from dataclasses import replace

import pytest
from optuna.distributions import CategoricalDistribution as OneOf
from optuna.trial import TrialState

from data.system.errors import UserError
from kfold.config.arithmetic import multiply_adds
from kfold.runs.locate import read_run
from kfold.search.space import MAX_COST
from kfold.search.study import VARIED_PARAMETERS, accepted
from tests.kfold.search.searches import REFERENCE, SPACE, quality, search

VARIATIONS, JOBS = 5, 4


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A search with a few variations of the reference, then proposals of the estimator."""
    folder = tmp_path_factory.mktemp("searches") / "tune"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kfold.search.study.VARIATIONS", VARIATIONS)
        return search(folder, VARIATIONS + 2 * JOBS, jobs=JOBS)[0]


def accepted_trials(study):
    return [trial for trial in study.trials if accepted(trial)]


def changes(trial) -> int:
    """Number of parameters that differ from the reference's."""
    return sum(trial.params[name] != value for name, value in SPACE.params.items())


def test_the_reference_is_in_the_space_and_comes_first(study):
    assert SPACE.recipe_at(SPACE.params) == REFERENCE
    assert SPACE.recipe_at(study.trials[0].params) == REFERENCE
    assert study.trials[0].state == TrialState.COMPLETE
    assert study.trials[0].value == pytest.approx(quality(REFERENCE), rel=1e-5)


def test_the_first_trials_are_variations_even_if_many_run_at_once(study):
    tried = accepted_trials(study)
    # Others were asked for before so many had ended.
    variations = tried[1 : VARIATIONS + JOBS - 1]
    assert all(0 < changes(trial) <= VARIED_PARAMETERS for trial in variations)
    assert max(map(changes, tried)) > VARIED_PARAMETERS
    assert len({tuple(trial.params.items()) for trial in tried}) == len(tried)


def test_a_network_that_costs_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("kfold.search.study.VARIED_PARAMETERS", 12)
    folder = tmp_path / "tune"
    study, _, _ = search(folder, 6)
    models = read_run(folder).config.models
    assert set(models) == {f"trial{trial.number}" for trial in accepted_trials(study)}
    largest = MAX_COST * multiply_adds(REFERENCE)
    assert max(multiply_adds(recipe) for recipe in models.values()) <= largest
    proposed = [SPACE.recipe_at(trial.params) for trial in study.trials]
    assert any(multiply_adds(recipe) > largest for recipe in proposed)


def test_a_search_of_another_space_is_refused(tmp_path):
    folder = tmp_path / "tune"
    search(folder, 1)
    sizes = {"batch_size": OneOf((16, 32, 64, 128))}
    changed = replace(SPACE, distributions=SPACE.distributions | sizes)
    with pytest.raises(UserError, match=r"another space: batch_size changed.*RUN="):
        search(folder, 2, space=changed)


def test_every_corner_of_the_space_is_a_recipe():
    corners = []
    for end in ("low", "high"):
        params = {
            name: getattr(values, end, None) or getattr(values, "choices", [0.0])[-(end == "high")]
            for name, values in SPACE.distributions.items()
        }
        corners.append(SPACE.recipe_at(params))
    small, large = (multiply_adds(recipe) for recipe in corners)
    assert small < multiply_adds(REFERENCE) < large / MAX_COST
