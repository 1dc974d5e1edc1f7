import numpy as np
import pytest

from kfold.models import backend  # noqa: F401  isort: skip
import keras
from keras import ops

from kfold.metrics.score import capped_rmse, rmse
from kfold.models.losses import (
    LOSSES,
    CappedRMSE,
    PooledRMSE,
    masked_huber,
    masked_mse,
    zero_filled_mse,
)


@pytest.fixture
def labels():
    rng = np.random.default_rng(0)
    target = rng.uniform(0, 95, (8, 15, 2)).astype(np.float32)
    prediction = target + rng.normal(0, 3, target.shape).astype(np.float32)
    target[2:, 4:] = np.nan
    return target, prediction


def test_masked_mse_divides_by_the_number_of_labels(labels):
    assert float(masked_mse(*labels)) == pytest.approx(rmse(*labels) ** 2, rel=1e-5)


def test_zero_filled_mse_always_divides_by_thirty(labels):
    target, prediction = labels
    filled = np.nan_to_num((target - prediction) / 48)
    expected = np.mean((filled.reshape(8, 30)) ** 2)
    assert float(zero_filled_mse(target, prediction)) == pytest.approx(expected, rel=1e-5)


def test_huber_is_quadratic_near_and_linear_far():
    target = np.full((1, 15, 2), np.nan, np.float32)
    target[0, 0] = 10, 20
    near = target.copy()
    near[0, 0] = 11, 20
    far = target.copy()
    far[0, 0] = 110, 20
    assert float(masked_huber(target, np.nan_to_num(near), delta=2)) == pytest.approx(0.5 / 2)
    assert float(masked_huber(target, np.nan_to_num(far), delta=2)) == pytest.approx((200 - 2) / 2)


@pytest.mark.parametrize("name", LOSSES)
def test_a_missing_label_has_no_gradient(labels, name):
    """One large step of plain gradient descent moves exactly the outputs that have a label."""
    target, prediction = labels
    outputs = keras.layers.Embedding(8, 30)
    model = keras.Sequential([keras.Input((), dtype="int32"), outputs])
    model.add(keras.layers.Reshape((15, 2)))
    outputs.set_weights([prediction.reshape(8, 30)])
    model.compile(keras.optimizers.SGD(1e4), LOSSES[name])
    model.train_on_batch(np.arange(8), target)
    moved = outputs.get_weights()[0].reshape(8, 15, 2) != prediction
    np.testing.assert_array_equal(moved, np.isfinite(target))


@pytest.mark.parametrize("name", LOSSES)
def test_the_loss_of_a_batch_without_labels_is_zero(name):
    empty = np.full((4, 15, 2), np.nan, np.float32)
    assert float(LOSSES[name](empty, ops.zeros((4, 15, 2)))) == 0


def test_pooled_rmse_over_batches_is_the_rmse_of_all_labels(labels):
    target, prediction = labels
    metric = PooledRMSE()
    metric.update_state(target[:3], prediction[:3])
    metric.update_state(target[3:], prediction[3:])
    assert float(metric.result()) == pytest.approx(rmse(target, prediction), rel=1e-5)
    metric.reset_state()
    assert float(metric.result()) == 0


def test_capped_rmse_over_batches_is_the_leaderboards(labels):
    target, prediction = labels
    target[0, 2] += 30
    metric = CappedRMSE()
    metric.update_state(target[:3], prediction[:3])
    metric.update_state(target[3:], prediction[3:])
    assert float(metric.result()) == pytest.approx(capped_rmse(target, prediction), rel=1e-5)
    assert float(metric.result()) < 0.9 * rmse(target, prediction)
