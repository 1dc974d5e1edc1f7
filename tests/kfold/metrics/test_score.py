import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.faces import Faces
from kfold.metrics.score import (
    CAP,
    capped_errors,
    capped_rmse,
    rmse,
    root_mean,
    score,
    squared_errors,
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
    (result,) = score(faces, [squared_errors(faces.keypoints, prediction)], np.arange(60))
    assert result.rmse == pytest.approx(rmse(faces.keypoints, prediction))
    assert result.by_annotator[1] == pytest.approx(rmse(faces.keypoints[40:], prediction[40:]))
    assert result.by_keypoint[3] == pytest.approx(rmse(truth[:, 3:4], prediction[:, 3:4]), rel=1e-5)
    assert result.low < result.rmse < result.high


def test_squared_errors_keep_missing_labels_missing():
    truth = np.array([[[1.0, np.nan]]])
    errors = squared_errors(truth, np.array([[[3.0, 3.0]]]))
    np.testing.assert_array_equal(errors, [[[4.0, np.nan]]])


@given(st.floats(0, 200), st.floats(0, 6.28))
def test_a_label_counts_as_no_farther_than_the_cap(distance, angle):
    truth = np.full((1, 15, 2), np.nan)
    truth[0, 3] = 50
    prediction = np.zeros((1, 15, 2))
    prediction[0, 3] = [50 + distance * np.cos(angle), 50 + distance * np.sin(angle)]
    expected = min(distance, CAP)
    assert capped_rmse(truth, prediction) == pytest.approx(expected / np.sqrt(2), abs=1e-9)
    errors = capped_errors(truth, prediction)[0, 3]
    assert errors[0] == pytest.approx((expected * np.cos(angle)) ** 2, abs=1e-9)


def test_the_capped_score_has_no_cliff():
    rng = np.random.default_rng(5)
    truth = rng.uniform(20, 75, (2000, 15, 2))
    prediction = truth + rng.normal(0, 1, truth.shape)
    scores = []
    for wrong in range(590, 611):
        moved = prediction.copy()
        moved.reshape(-1, 2)[:wrong] += 15
        scores.append(capped_rmse(truth, moved))
    assert np.diff(scores).max() < 0.001


def test_the_capped_score_of_one_prediction_is_the_same_beside_any_other():
    rng = np.random.default_rng(6)
    faces = faces_with(rng.uniform(20, 75, (50, 15, 2)), [1] * 50)
    errors = capped_errors(faces.keypoints, faces.keypoints + rng.normal(0, 9, (50, 15, 2)))
    alone, _ = score(faces, [errors, 2 * errors], np.arange(50))
    assert alone.rmse == score(faces, [errors], np.arange(50))[0].rmse
    assert alone.rmse == root_mean(errors)
