"""Masked losses and metrics: coordinates without a label do not count.

Targets are float (B, 15, 2) in pixels, NaN where there is no label; predictions are finite
(B, 15, 2) in pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from data.competition import COORDINATES, IMAGE_SIZE
from kfold.config.recipe import Recipe
from kfold.custom.resolve import bound
from kfold.metrics.score import CAP

Loss = Callable[[Any, Any], Any]


def residuals(target: Any, prediction: Any) -> tuple[Any, Any]:
    """Prediction minus target, 0 where there is no label, and the mask of labels; (B, 15, 2)."""
    missing = ops.isnan(target)
    return ops.where(missing, 0.0, prediction - target), ops.cast(~missing, "float32")


def masked_mse(target: Any, prediction: Any) -> Any:
    """Mean squared error over the labels present in the batch, in px^2."""
    difference, present = residuals(target, prediction)
    return ops.sum(difference**2) / ops.maximum(ops.sum(present), 1.0)


def zero_filled_mse(target: Any, prediction: Any) -> Any:
    """The baselines' original loss: squared error in half-images, always divided by 30.

    A face with four labels therefore has 4/15 of the weight of a complete one.
    """
    difference, _ = residuals(target, prediction)
    half = IMAGE_SIZE / 2
    return ops.mean(ops.sum((difference / half) ** 2, axis=(1, 2))) / len(COORDINATES)


def masked_huber(target: Any, prediction: Any, delta: float = 2.0) -> Any:
    """Huber loss over the labels present, in px^2 / 2: quadratic below `delta` px, linear above."""
    difference, present = residuals(target, prediction)
    size = ops.abs(difference)
    inside = ops.minimum(size, delta)
    return ops.sum(inside * (size - inside / 2)) / ops.maximum(ops.sum(present), 1.0)


LOSSES: dict[str, Loss] = {
    "mse": masked_mse,
    "zero_filled_mse": zero_filled_mse,
    "huber": masked_huber,
}


def loss_of(recipe: Recipe) -> Loss:
    """The loss that a recipe names, built in or declared by a user's file.

    Raises:
        UserError: there is no loss of that name.
    """
    return LOSSES.get(recipe.loss) or bound(recipe, "loss")


@keras.saving.register_keras_serializable("kfold")
class PooledRMSE(keras.metrics.Metric):
    """The competition's score over an epoch: RMSE of all labelled coordinates."""

    def __init__(self, name: str = "rmse", **options: Any) -> None:
        super().__init__(name=name, **options)
        self.squares = self.add_variable((), "zeros", name="squares")
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add one batch: targets with NaN and predictions, (B, 15, 2) in pixels."""
        difference, present = residuals(y_true, y_pred)
        self.squares.assign_add(ops.sum(difference**2))
        self.count.assign_add(ops.sum(present))

    def result(self) -> Any:
        """RMSE in pixels of all batches since the last reset."""
        return ops.sqrt(self.squares / ops.maximum(self.count, 1.0))


@keras.saving.register_keras_serializable("kfold")
class CappedRMSE(PooledRMSE):
    """Pooled RMSE in which no label counts as farther than `CAP` pixels from its prediction.

    See `kfold.metrics.score.capped_rmse`.
    """

    def __init__(self, name: str = "capped_rmse", **options: Any) -> None:
        super().__init__(name, **options)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add one batch: targets with NaN and predictions, (B, 15, 2) in pixels."""
        difference, present = residuals(y_true, y_pred)
        squares = ops.sum(difference**2, axis=-1)
        self.squares.assign_add(ops.sum(ops.minimum(squares, CAP**2)))
        self.count.assign_add(ops.sum(present))
