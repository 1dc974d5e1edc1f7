import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import nnls

from kfold.leaderboard.members import read_members
from kfold.leaderboard.stack import fit_stacks
from kfold.training.tta import View
from tests.kfold.finished_run import finished_run, random_competition
from tests.kfold.leaderboard.lines import lines_by_name


@pytest.fixture
def data():
    return random_competition()


def test_the_stack_prefers_the_better_model_and_is_not_worse_than_the_mean(tmp_path, data):
    lines = lines_by_name(finished_run(tmp_path / "run", data, {"good": [1.0], "bad": [6.0]}))
    stack = lines["stack"]
    assert list(stack.entry.weights) == ["good, as it is", "bad, as it is"]
    for good, bad in zip(*stack.entry.weights.values(), strict=True):
        assert good > 0.9
        assert good + bad == pytest.approx(1)
    assert stack.score.rmse < lines["mean"].score.rmse


@pytest.mark.parametrize("name", ["stack", "refined"])
def test_an_ensemble_is_not_fitted_on_the_fold_it_predicts(tmp_path, data, name):
    opened = finished_run(tmp_path / "run", data, {"a": [1.0], "b": [2.0]})
    held_out = opened.folds == 0
    data.train.keypoints[1, 2] += 60  # in fold 1, an outlier that is not fitted
    before = lines_by_name(opened)[name].entry.oof[held_out]
    data.train.keypoints[held_out] += 30
    after = lines_by_name(opened)[name].entry.oof[held_out]
    np.testing.assert_array_equal(before, after)


def test_an_ensemble_blends_new_faces_as_it_blends_the_test_set(tmp_path, data):
    opened = finished_run(tmp_path / "run", data, {"good": [1.0], "bad": [6.0]})
    lines = lines_by_name(opened)
    first = data.test.annotator == 1
    new = np.moveaxis(read_members(opened).test[:, first], 0, -1)
    for name in ("mean", "stack", "refined"):
        entry = lines[name].entry
        np.testing.assert_allclose(entry.blend(new), entry.test[first], rtol=1e-6)
    good = lines["good"].entry
    np.testing.assert_allclose(good.blend(new[..., :1]), good.test[first], rtol=1e-6)


def test_the_stack_removes_the_mean_error_of_a_keypoint(tmp_path, data):
    lines = lines_by_name(finished_run(tmp_path / "run", data, {"model": [0.5]}, bias=3.0))
    assert lines["model"].capped.by_keypoint[3] > 2
    assert lines["stack"].capped.by_keypoint[3] < 0.8
    assert lines["stack"].entry.weights == {f"model, {View().name}": (1, 1)}


def test_an_annotator_or_a_keypoint_of_a_fold_may_have_no_label(tmp_path, data):
    opened = finished_run(tmp_path / "run", data, {"a": [1.0], "b": [2.0]})
    data.train.keypoints[data.train.annotator == 2] = np.nan
    data.train.keypoints[opened.folds == 0, 5] = np.nan
    lines = lines_by_name(opened)
    for line in (lines["stack"], lines["refined"]):
        assert np.isnan(line.score.by_annotator[1])
        assert np.isfinite(line.entry.oof).all()
        assert np.isfinite(line.entry.test).all()


def test_what_an_annotator_did_not_label_is_blended_as_the_others(tmp_path, data):
    opened = finished_run(tmp_path / "run", data, {"good": [1.0], "bad": [6.0]}, bias=3.0)
    second = data.train.annotator == 2
    before = lines_by_name(opened)["stack"].entry.oof[second]
    data.train.keypoints[second, 3] = np.nan  # of one keypoint: moved by the other's mean error
    without = lines_by_name(opened)["stack"].entry
    mean = without.oof[second, 3, 0].mean()
    assert mean == pytest.approx(before[:, 3, 0].mean(), abs=0.7)
    data.train.keypoints[second] = np.nan
    entry = lines_by_name(opened)["stack"].entry
    assert entry.oof[second, 3, 0].mean() == pytest.approx(mean, abs=0.7)
    for one, two in entry.weights.values():
        assert two == one


def test_each_seed_of_an_ensemble_is_the_blend_of_its_networks(tmp_path, data):
    opened = finished_run(tmp_path / "run", data, {"a": [1.0, 2.0], "b": [1.0, 2.0]})
    lines = lines_by_name(opened)
    for name in ("mean", "stack", "refined"):
        seeds = lines[name].entry.seed_rmse
        assert seeds[0] == pytest.approx(1 / np.sqrt(2), rel=0.2)
        assert seeds[1] == pytest.approx(2 / np.sqrt(2), rel=0.2)
        # Seeds err independently here, so their mean is better than either would make it.
        assert lines[name].capped.rmse < np.mean(list(seeds.values()))


def test_ensembles_of_one_seed_have_no_score_of_single_seeds(tmp_path, data):
    lines = lines_by_name(finished_run(tmp_path / "run", data, {"a": [1.0], "b": [1.0, 1.0]}))
    assert lines["stack"].entry.seed_rmse == {}
    assert np.isnan(lines["stack"].seed_deviation)
    assert np.isnan(lines["a"].seed_deviation)
    assert lines["b"].seed_deviation > 0


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_the_weights_are_those_of_non_negative_least_squares(count, seed):
    rng = np.random.default_rng(seed)
    truth = rng.uniform(10, 85, (30, 15, 2)).astype(np.float32)
    errors = rng.normal(0, rng.uniform(0.5, 3, (count, 1, 1, 1)), (count, *truth.shape))
    members = (truth + errors).astype(np.float32)
    truth[rng.random(truth.shape[:2]) < 0.4] = np.nan
    (stack,) = fit_stacks(members, [truth])
    labelled = np.isfinite(truth)
    centred = [
        np.where(labelled, each - np.nanmean(np.where(labelled, each, np.nan), axis=0), 0)
        for each in (*members.astype(float), truth.astype(float))
    ]
    *features, target = (each[labelled] for each in centred)
    expected, _ = nnls(np.transpose(features), target)
    np.testing.assert_allclose(stack.weights, expected / expected.sum(), atol=1e-6)
