"""The model that is trained: a network's outputs with the loss on them."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kfold.layers import cell_centres
from kfold.losses import residuals

TARGET_SIGMA = 3.0
"""Standard deviation in pixels of the Gaussian that a map is drawn towards."""


@keras.saving.register_keras_serializable("kfold")
class KeypointModel(keras.Model):
    """Predicts `keypoints` (B, 15, 2) in pixels, and perhaps the `maps` they are read from.

    Where there are maps, cross-entropy against a Gaussian about the label is added to the compiled
    loss, `map_weight` times: it tells every cell where the keypoint is, while the loss on the
    position tells only the mean.
    """

    map_weight = 0.0

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Loss of a batch; `y` is float (B, 15, 2) in pixels, NaN where there is no label."""
        loss = super().compute_loss(x, y, y_pred["keypoints"], sample_weight, training)
        if self.map_weight and "maps" in y_pred:
            symmetric = y - ops.stop_gradient(y_pred["offset"])
            loss += self.map_weight * map_cross_entropy(symmetric, y_pred["maps"])
        return loss

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Metrics are of the positions alone."""
        return super().compute_metrics(x, y, y_pred["keypoints"], sample_weight)


def map_cross_entropy(target: Any, log_maps: Any) -> Any:
    """Mean cross-entropy, over labelled keypoints, of a Gaussian about the label and its map.

    Args:
        target: float (B, 15, 2) in pixels, NaN where there is no label.
        log_maps: float (B, h, w, 15), logarithms of probabilities.
    """
    _, height, width, _ = log_maps.shape
    _, present = residuals(target, ops.zeros_like(target))
    known = ops.where(ops.isnan(target), 0.0, target)
    across = _gaussian(known[..., 0], width)
    down = _gaussian(known[..., 1], height)
    entropy = -ops.einsum("bkh,bkw,bhwk->bk", down, across, log_maps)
    labelled = present[..., 0]
    return ops.sum(entropy * labelled) / ops.maximum(ops.sum(labelled), 1.0)


def _gaussian(position: Any, cells: int) -> Any:
    """Weights (B, K, cells) of a Gaussian about positions (B, K) in pixels; each row sums to 1."""
    distance = (position[..., None] - cell_centres(cells)) / TARGET_SIGMA
    return ops.softmax(-0.5 * distance**2, axis=-1)
