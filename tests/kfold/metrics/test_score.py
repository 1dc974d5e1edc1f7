import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.faces import Faces
from kfold.metrics.score import (
    bootstrap_rmse,
    interval,
    rmse,
    score,
    squared_errors,
    untrusted_labels,
)


def faces_with(keypoints, annotator):
    n = len(keypoints)
    return Faces(
        np.zeros((n, 96, 96), np.uint8),
        keypoints.astype(np.float32),
        np.arange(n),
        np.asarray(annotator, np.int8),
    )


def test_rmse_pools_coordinates_and_skips_missing_labels():
    truth = np.full((2, 15, 2), np.nan)
    truth[0, 0] = [10, 20]
    truth[1, :2] = 30
    prediction = np.zeros((2, 15, 2))
    prediction[0, 0] = [13, 20]
    prediction[1, :2] = [[30, 31], [30, 30]]
    # Six labelled coordinates with squared errors 9, 0, 0, 1, 0, 0.
    assert rmse(truth, prediction) == pytest.approx(np.sqrt(10 / 6))


def test_rmse_of_nothing_is_nan():
    assert np.isnan(rmse(np.full((3, 15, 2), np.nan), np.zeros((3, 15, 2))))


@given(st.floats(0, 90), st.integers(0, 2**32 - 1))
def test_a_constant_error_is_the_rmse_with_any_labels_missing(error, seed):
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0, 95, (20, 15, 2))
    prediction = truth + error * rng.choice([-1, 1], truth.shape)
    truth[rng.random(truth.shape) < 0.5] = np.nan
    assert rmse(truth, prediction) == pytest.approx(error, abs=1e-9)


def test_the_parts_of_a_score_are_the_score_of_the_parts():
    rng = np.random.default_rng(0)
    truth = rng.uniform(0, 95, (60, 15, 2))
    truth[40:, 4:] = np.nan
    faces = faces_with(truth, [1] * 40 + [2] * 20)
    prediction = faces.keypoints + rng.normal(0, 2, truth.shape)
    result = score(faces, prediction, np.arange(60))
    assert result.rmse == pytest.approx(rmse(faces.keypoints, prediction))
    assert result.by_annotator[1] == pytest.approx(rmse(faces.keypoints[40:], prediction[40:]))
    assert result.by_keypoint[3] == pytest.approx(rmse(truth[:, 3:4], prediction[:, 3:4]), rel=1e-5)
    assert result.low < result.rmse < result.high


def test_bootstrap_interval_covers_the_spread_of_fresh_samples():
    rng = np.random.default_rng(1)
    errors = rng.normal(0, 2, (500, 15, 2)) ** 2
    low, high = interval(bootstrap_rmse(errors, np.arange(500)))
    fresh = [np.sqrt((rng.normal(0, 2, (500, 15, 2)) ** 2).mean()) for _ in range(200)]
    assert np.mean([low <= value <= high for value in fresh]) > 0.7
    assert high - low < 6 * np.std(fresh)


def test_ten_faces_per_person_give_the_same_interval_as_one():
    rng = np.random.default_rng(6)
    errors = rng.normal(0, 2, (50, 15, 2)) ** 2
    once = bootstrap_rmse(errors, np.arange(50))
    tenfold = bootstrap_rmse(np.repeat(errors, 10, axis=0), np.repeat(np.arange(50), 10))
    np.testing.assert_allclose(tenfold, once)


def test_squared_errors_keep_missing_labels_missing():
    truth = np.array([[[1.0, np.nan]]])
    errors = squared_errors(truth, np.array([[[3.0, 3.0]]]))
    np.testing.assert_array_equal(errors, [[[4.0, np.nan]]])


def test_gross_label_errors_are_flagged_and_ordinary_ones_are_not():
    rng = np.random.default_rng(2)
    truth = rng.uniform(20, 75, (200, 15, 2))
    prediction = truth + rng.normal(0, 1.2, truth.shape)
    truth[7, 3, 0] += 15
    truth[9] = np.nan
    assert np.argwhere(untrusted_labels(truth, prediction)).tolist() == [[7, 3]]


def test_a_poor_prediction_flags_nothing():
    rng = np.random.default_rng(3)
    truth = rng.uniform(20, 75, (200, 15, 2))
    assert not untrusted_labels(truth, truth + rng.normal(0, 6, truth.shape)).any()


def test_draws_are_paired_so_a_small_constant_difference_is_significant():
    rng = np.random.default_rng(4)
    errors = rng.normal(0, 2, (300, 15, 2)) ** 2
    alone = np.arange(300)
    better, worse = bootstrap_rmse(errors, alone), bootstrap_rmse(errors * 1.02, alone)
    low, high = interval(worse - better)
    assert 0 < low < high
    assert high - low < 0.2 * np.std(better)
