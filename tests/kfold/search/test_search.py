"""A search without trainings; `test_tune.py` has real ones."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from optuna.trial import TrialState

from data.system.errors import UserError
from kfold.config.config_file import read_config
from kfold.config.presets import STANDARD
from kfold.metrics.score import CAP, capped_rmse, rmse
from kfold.parallel.outcomes import Diverged
from kfold.runs.locate import latest_run, read_run
from kfold.runs.start import configure_run
from kfold.search.study import accepted, finished
from kfold.search.winner import write_winner
from tests.kfold.search.searches import FOLDS, REFERENCE, SPACE, quality, search, start

TRIALS = 14


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The folder of a finished search, its study, its pool, what it printed, and its winners."""
    folder, winners = tmp_path_factory.mktemp("searches") / "tune", []
    study, pool, printed = search(folder, TRIALS, jobs=2, on_finish=lambda: winners.append(1))
    return folder, study, pool, printed, winners


def states(study):
    return Counter(trial.state for trial in study.trials if accepted(trial))


def test_the_best_is_better_than_the_reference_and_scored_on_all_folds(done):
    _, study, _, _, _ = done
    best = finished(study)[0]
    assert best.value < study.trials[0].value
    assert best.user_attrs["folds"] == FOLDS
    assert best.user_attrs["minutes"] == pytest.approx(FOLDS)
    assert best.value == pytest.approx(quality(SPACE.recipe_at(best.params)), rel=1e-5)


def test_poor_trials_are_stopped_at_the_first_comparison(done):
    _, study, pool, printed, _ = done
    assert states(study)[TrialState.PRUNED] >= 3
    assert sum(states(study).values()) == TRIALS
    assert pool.stopped
    for task in pool.stopped:
        trial = study.trials[int(task.model.removeprefix("trial"))]
        assert (trial.state, trial.last_step, task.fold) == (TrialState.PRUNED, 4, 0)
        assert trial.user_attrs["folds"] == 0
    assert "stopped after epoch 4" in printed
    assert len(pool.finished) < TRIALS * FOLDS / 2
    assert pool.most == 2


def test_scores_are_compared_from_a_third_of_the_epochs_on(done):
    _, study, _, _, _ = done
    assert {min(trial.intermediate_values) for trial in filter(accepted, study.trials)} == {4}


def test_each_finished_trial_is_announced(done):
    _, study, _, _, winners = done
    assert len(winners) == len(finished(study)) > 1


def test_a_recipe_that_diverges_is_pruned(tmp_path):
    def fault(recipe):
        return Diverged("the loss became nan.") if recipe != REFERENCE else None

    study, _, printed = search(tmp_path / "tune", 3, fault=fault)
    assert states(study) == {TrialState.COMPLETE: 1, TrialState.PRUNED: 2}
    assert "fold 1/3: the loss became nan." in printed


def test_a_search_is_not_the_latest_run(done):
    with pytest.raises(UserError, match="expected a run, found none"):
        latest_run(done[0].parent)


def test_without_time_nothing_is_started(tmp_path):
    folder = tmp_path / "tune"
    study, pool, _ = search(folder, None, minutes=0.0)
    assert not pool.finished
    with pytest.raises(UserError, match="expected a trial with all folds finished"):
        write_winner(start(folder).run, study, SPACE)


def test_a_search_with_other_epochs_is_refused(done):
    run = read_run(done[0])
    changed = replace(run.config, models={"trial0": replace(REFERENCE, epochs=7)})
    with pytest.raises(UserError, match=r"trial0\.epochs was 9, now 7.* forget this search"):
        configure_run(run.folder, changed)


def test_the_winner_is_a_configuration(done):
    folder, study, _, _, _ = done
    winner = write_winner(read_run(folder), study, SPACE)
    preset = read_config(winner.config)
    assert preset.models == {"tuned": SPACE.recipe_at(finished(study)[0].params)}
    assert (preset.folds, preset.seeds) == (STANDARD.folds, 1)


def test_labels_that_are_far_off_count_alike_in_the_capped_rmse():
    rng = np.random.default_rng(0)
    truth = rng.uniform(20, 70, (40, 15, 2))
    truth[rng.random((40, 15)) < 0.5] = np.nan
    prediction = np.nan_to_num(truth) + rng.normal(0, 1, truth.shape)
    assert capped_rmse(truth, prediction) == pytest.approx(rmse(truth, prediction))
    scores = []
    for far in (30.0, 60.0):
        wrong = truth.copy()
        wrong[0] += far
        scores.append(capped_rmse(wrong, prediction))
    assert scores[0] == scores[1] > capped_rmse(truth, prediction)
    assert capped_rmse(truth + 100, prediction) == pytest.approx(CAP / np.sqrt(2))
