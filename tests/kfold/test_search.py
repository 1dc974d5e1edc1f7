"""The search itself, with trainings that take no time; `test_tune.py` has real ones."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from joblib.externals.loky.process_executor import TerminatedWorkerError
from optuna.distributions import CategoricalDistribution as OneOf
from optuna.trial import TrialState

from data.errors import UserError
from kfold.config_file import read_config
from kfold.presets import STANDARD
from kfold.report.search_page import write_search
from kfold.run import latest_run, open_run, read_run
from kfold.run_config import JOURNAL
from kfold.score import FARTHEST, capped_rmse, rmse
from kfold.search_space import MOST_WORK, SPACE, params_of, recipe_at, scored_within
from kfold.shape import multiplications
from kfold.study import VARIATIONS, VARIED, finished, is_reference, open_study, taken
from kfold.workers import Failure
from tests.kfold.searches import FOLDS, REFERENCE, Formula, begin, quality, search

TRIALS = 14


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr("kfold.search._POLL", 0.0)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The folder of a finished search, and what `search` gives."""
    folder = tmp_path_factory.mktemp("searches") / "tune"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kfold.search._POLL", 0.0)
        return folder, *search(folder, TRIALS, jobs=2)


def states(study):
    return Counter(trial.state for trial in study.trials if taken(trial))


def test_the_reference_is_in_the_space_and_comes_first(done):
    _, study, _, _ = done
    assert recipe_at(params_of(REFERENCE), REFERENCE) == REFERENCE
    assert recipe_at(study.trials[0].params, REFERENCE) == REFERENCE
    assert study.trials[0].state == TrialState.COMPLETE
    assert study.trials[0].value == pytest.approx(quality(REFERENCE), rel=1e-5)


def test_the_best_is_better_than_the_reference_and_scored_on_all_folds(done):
    _, study, _, _ = done
    best = finished(study)[0]
    assert best.value < study.trials[0].value
    assert best.user_attrs["folds"] == FOLDS
    assert best.user_attrs["minutes"] == pytest.approx(FOLDS)
    assert best.value == pytest.approx(quality(recipe_at(best.params, REFERENCE)), rel=1e-5)


def test_poor_trials_are_stopped_at_the_first_comparable_score(done):
    _, study, trainers, printed = done
    assert states(study)[TrialState.PRUNED] >= 3
    assert sum(states(study).values()) == TRIALS
    assert trainers.stopped
    for model, _, fold in trainers.stopped:
        trial = study.trials[int(model.removeprefix("trial"))]
        assert (trial.state, trial.last_step, fold) == (TrialState.PRUNED, 4, 0)
        assert trial.user_attrs["folds"] == 0
    assert "stopped after epoch 4" in printed
    assert len(trainers.finished) < TRIALS * FOLDS / 2
    assert trainers.most == 2


def test_scores_are_compared_from_a_third_of_the_epochs_on(done):
    _, study, _, _ = done
    assert {min(trial.intermediate_values) for trial in filter(taken, study.trials)} == {4}


def test_what_costs_too_much_or_cannot_be_compared_is_turned_down(tmp_path, monkeypatch):
    monkeypatch.setattr("kfold.study.VARIED", 12)
    folder = tmp_path / "tune"
    study, _, _ = search(folder, 6)
    models = read_run(folder).config.models
    assert set(models) == {f"trial{trial.number}" for trial in study.trials if taken(trial)}
    most = MOST_WORK * multiplications(REFERENCE.shape)
    assert max(multiplications(recipe.shape) for recipe in models.values()) <= most
    proposed = [recipe_at(trial.params, REFERENCE) for trial in study.trials]
    assert all(scored_within(recipe) for recipe in models.values())
    assert not all(scored_within(recipe) for recipe in proposed)
    assert any(multiplications(recipe.shape) > most for recipe in proposed)


def test_the_first_trials_change_a_few_things_about_the_reference(done):
    _, study, _, _ = done
    reference = params_of(REFERENCE)
    tried = [trial for trial in study.trials if taken(trial)][1 : VARIATIONS + 1]
    changes = [sum(trial.params[name] != reference[name] for name in SPACE) for trial in tried]
    assert all(0 < count <= VARIED for count in changes)
    assert len({tuple(trial.params.items()) for trial in tried}) == len(tried)


def test_side_by_side_trials_are_variations_until_enough_are_ended(tmp_path):
    study, _, _ = search(tmp_path / "tune", VARIATIONS + 8, jobs=8)
    reference = params_of(REFERENCE)
    tried = [trial for trial in study.trials if taken(trial)]
    changes = [sum(trial.params[name] != reference[name] for name in SPACE) for trial in tried]
    assert max(changes[: VARIATIONS + 4]) <= VARIED  # four were asked for before twelve ended


def test_what_is_finished_is_told_at_once(tmp_path):
    told = []
    study, _, _ = search(tmp_path / "tune", 6, on_finish=lambda: told.append(1))
    assert len(told) == len(finished(study)) > 1


def test_the_same_command_does_nothing_and_more_trials_go_on(done, tmp_path):
    folder = tmp_path / "tune"
    search(folder, 4)
    study, trainers, _ = search(folder, 4)
    assert not trainers.finished
    assert sum(states(study).values()) == 4
    study, trainers, _ = search(folder, 6)
    assert sum(states(study).values()) == 6
    proposals = [tuple(trial.params.values()) for trial in study.trials]
    assert len(set(proposals)) == len(proposals)


@pytest.mark.parametrize("epochs", [5, 12, 31, 47])
def test_a_search_that_is_cut_off_goes_on_where_it_was(epochs, tmp_path):
    """`Formula` fails if what is finished is trained again."""
    folder = tmp_path / "tune"
    with pytest.raises(KeyboardInterrupt):
        search(folder, 6, jobs=2, breaks_after=epochs)
    cut = {trial.number for trial in open_study(folder, REFERENCE).trials if taken(trial)}
    study, _, _ = search(folder, 6, jobs=2)
    assert cut <= {trial.number for trial in study.trials if taken(trial)}
    assert states(study)[TrialState.RUNNING] == 0
    assert sum(states(study).values()) == 6
    assert study.trials[0].state == TrialState.COMPLETE
    for trial in finished(study):
        assert trial.user_attrs["minutes"] >= FOLDS - 1e-6


def test_a_journal_that_breaks_off_is_mended(tmp_path):
    folder = tmp_path / "tune"
    search(folder, 2)
    journal = folder / JOURNAL
    journal.write_bytes(journal.read_bytes() + b'{"op_code": 4, "wor')
    (folder / f"{JOURNAL}.lock").symlink_to(journal)
    study, _, _ = search(folder, 3)
    assert sum(states(study).values()) == 3


def test_a_recipe_that_diverges_is_one_that_is_cut_short(tmp_path):
    def fault(recipe):
        return "the loss became nan." if recipe != REFERENCE else None

    study, _, printed = search(tmp_path / "tune", 5, fault=fault)
    assert states(study) == {TrialState.COMPLETE: 1, TrialState.PRUNED: 4}
    assert "fold 1/3: the loss became nan." in printed


def test_a_trial_that_fails_is_no_verdict_on_its_recipe(tmp_path):
    folder, failing = tmp_path / "tune", {"fault": lambda _: Failure("failed with OSError: full")}
    for _ in range(2):
        with pytest.raises(UserError, match=r"3 trials failed.*failed with OSError: full"):
            search(folder, 5, **failing)
    study, _, _ = search(folder, 5)
    assert sum(states(study).values()) == 5
    assert sum(map(is_reference, finished(study))) == 1
    assert [t.state for t in study.trials if is_reference(t)] == [
        TrialState.FAIL,
        TrialState.FAIL,
        TrialState.COMPLETE,
    ]


def test_a_trial_that_kills_its_process_is_given_up(tmp_path):
    folder = tmp_path / "tune"
    fatal = {"fault": lambda recipe: TerminatedWorkerError() if recipe != REFERENCE else None}
    for _ in range(2):
        with pytest.raises(TerminatedWorkerError):
            search(folder, 3, **fatal)
    study, _, printed = search(folder, 3)
    assert "given up, killed 2 times" in printed
    killed = [trial for trial in study.trials if "kills" in trial.user_attrs]
    assert [trial.state for trial in killed] == [TrialState.FAIL]
    assert sum(states(study).values()) == 3


def test_a_trial_that_was_found_unpromising_stays_so(tmp_path, monkeypatch):
    """The search is killed between the verdict and the training's end."""

    def stop(self, task):
        raise KeyboardInterrupt

    folder = tmp_path / "tune"
    with monkeypatch.context() as patch:
        patch.setattr(Formula, "stop", stop)
        with pytest.raises(KeyboardInterrupt):
            search(folder, TRIALS)
    doomed = next(t for t in open_study(folder, REFERENCE).trials if "unpromising" in t.user_attrs)
    assert doomed.state == TrialState.RUNNING
    study, trainers, _ = search(folder, TRIALS)
    assert study.trials[doomed.number].state == TrialState.PRUNED
    assert f"trial{doomed.number}" not in {model for model, _, _ in trainers.finished}


def test_a_search_of_another_space_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / "tune"
    search(folder, 1)
    monkeypatch.setitem(SPACE, "batch_size", OneOf((16, 32, 64, 128)))
    with pytest.raises(UserError, match=r"another space: batch_size changed.*RUN="):
        search(folder, 2)


def test_a_search_is_not_the_latest_run(done, tmp_path):
    folder, _, _, _ = done
    with pytest.raises(UserError, match="expected a run, found none"):
        latest_run(folder.parent)


def test_without_time_nothing_is_started(tmp_path):
    folder = tmp_path / "tune"
    study, trainers, _ = search(folder, None, minutes=0.0)
    assert not trainers.finished
    with pytest.raises(UserError, match="expected a trial with all folds finished"):
        write_search(begin(folder), study, REFERENCE)


def test_a_search_with_other_epochs_is_refused(done):
    folder, _, _, _ = done
    run = read_run(folder)
    changed = replace(run.config, models={"trial0": replace(REFERENCE, epochs=7)})
    with pytest.raises(UserError, match=r"trial0\.epochs was 9, now 7.* forget this search"):
        open_run(folder, changed)


def test_the_winner_is_a_configuration(done):
    folder, study, _, _ = done
    write_search(read_run(folder), study, REFERENCE)
    preset = read_config(folder / "winner.json")
    assert preset.models == {"tuned": recipe_at(finished(study)[0].params, REFERENCE)}
    assert (preset.folds, preset.seeds) == (STANDARD.folds, 1)


def test_every_corner_of_the_space_is_a_recipe():
    corners = []
    for end in ("low", "high"):
        params = {
            name: getattr(values, end, None) or getattr(values, "choices", [0.0])[-(end == "high")]
            for name, values in SPACE.items()
        }
        corners.append(recipe_at(params, REFERENCE))
    small, large = (multiplications(recipe.shape) for recipe in corners)
    assert small < multiplications(REFERENCE.shape) < large / MOST_WORK


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
    assert capped_rmse(truth + 100, prediction) == pytest.approx(FARTHEST / np.sqrt(2))
