import numpy as np
import pytest

from kfold.training.tta import View
from tests.kfold.finished_run import finished_run, random_competition
from tests.kfold.leaderboard.lines import lines_by_name


@pytest.fixture
def data():
    return random_competition()


def test_the_stack_prefers_the_better_model_and_is_not_worse_than_the_mean(tmp_path, data):
    lines = lines_by_name(finished_run(tmp_path / "run", data, {"good": [1.0], "bad": [6.0]}))
    stack = lines["stack"]
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
    lines = lines_by_name(finished_run(tmp_path / "run", data, {"good": [1.0], "bad": [6.0]}))
    members = [member for name in ("good", "bad") for member in lines[name].entry.views]
    first = data.test.annotator == 1
    new = np.stack([member.test[first] for member in members], axis=-1)
    for name in ("mean", "stack", "refined"):
        entry = lines[name].entry
        np.testing.assert_allclose(entry.blend(new), entry.test[first], rtol=1e-6)
    good = lines["good"].entry
    np.testing.assert_allclose(good.blend(new[..., : len(good.views)]), good.test[first])


def test_the_stack_removes_the_mean_error_of_a_keypoint(tmp_path, data):
    lines = lines_by_name(finished_run(tmp_path / "run", data, {"model": [0.5]}, bias=3.0))
    assert lines["model"].trusted.by_keypoint[3] > 2
    assert lines["stack"].trusted.by_keypoint[3] < 0.8
    assert lines["stack"].entry.weights == {f"model, {View().name}": [1, 1]}


def test_an_annotator_or_a_keypoint_of_a_fold_may_have_no_label(tmp_path, data):
    opened = finished_run(tmp_path / "run", data, {"a": [1.0], "b": [2.0]})
    data.train.keypoints[data.train.annotator == 2] = np.nan
    data.train.keypoints[opened.folds == 0, 5] = np.nan
    lines = lines_by_name(opened)
    for line in (lines["stack"], lines["refined"]):
        assert np.isnan(line.score.by_annotator[1])
        assert np.isfinite(line.entry.oof).all()
        assert np.isfinite(line.entry.test).all()
