import numpy as np
import pytest

from kfold.leaderboard.correction import GAMMA, fit_correction, taylor_features

ROWS = 400


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def predicted(rng):
    """One arrangement of keypoints shifted, scaled and jittered, (ROWS, 15, 2)."""
    face = rng.uniform(-30, 30, (15, 2))
    scale = rng.normal(1, 0.1, (ROWS, 1, 1))
    return 47.5 + scale * face + rng.normal(0, 3, (ROWS, 1, 2)) + rng.normal(0, 1, (ROWS, 15, 2))


def rms(values):
    return np.sqrt(np.mean(np.square(values)))


def test_errors_that_depend_on_position_are_removed_from_new_faces(predicted):
    errors = 0.3 * (predicted.mean(axis=1, keepdims=True) - 47.5)
    errors -= errors.mean(axis=0)
    truth = predicted + errors
    fitted, others = slice(0, ROWS // 2), slice(ROWS // 2, ROWS)
    correct = fit_correction(predicted[fitted], truth[fitted])
    left = truth[others] - correct(predicted[others])
    assert rms(left) < 0.25 * rms(errors[others])


def test_random_errors_are_hardly_fitted(predicted, rng):
    truth = predicted + rng.normal(0, 1, predicted.shape)
    fitted, others = slice(0, ROWS // 2), slice(ROWS // 2, ROWS)
    correct = fit_correction(predicted[fitted], truth[fitted])
    assert rms(truth[others] - correct(predicted[others])) < 1.1


def test_a_keypoint_without_labels_is_not_corrected(predicted):
    truth = predicted + 0.3 * (predicted.mean(axis=1, keepdims=True) - 47.5)
    truth[:, 4] = np.nan
    truth[:10] = np.nan
    corrected = fit_correction(predicted, truth)(predicted)
    np.testing.assert_array_equal(corrected[:, 4], predicted[:, 4])
    assert (corrected[:, 5] != predicted[:, 5]).all()


def test_without_labels_or_faces_nothing_is_corrected(predicted):
    unlabelled = np.full_like(predicted, np.nan)
    assert fit_correction(predicted, unlabelled)(predicted) is predicted
    correct = fit_correction(predicted, predicted + 1)
    assert correct(predicted[:0]).shape == (0, 15, 2)


def test_products_of_the_features_are_the_gaussian_kernel(rng):
    x, y = rng.normal(0, 1, (2, 50, 30))
    squares = ((x[:, None] - y[None]) ** 2).sum(axis=-1)
    products = taylor_features(x) @ taylor_features(y).T
    np.testing.assert_allclose(products, np.exp(-GAMMA * squares), atol=1e-3)
