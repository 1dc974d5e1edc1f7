"""The model that is trained: a network with its loss."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from kfold.models.layers import cell_centres
from kfold.models.losses import residuals

TARGET_SIGMA = 3.0
"""Standard deviation in pixels of the Gaussian that is a heatmap's target."""
_NEWTON_STEPS = 2  # leave an error of the mean below 0.001 px from -1 to 96 px


@keras.saving.register_keras_serializable("kfold")
class KeypointModel(keras.Model):
    """Predicts `keypoints` (B, 15, 2) in pixels and, in heatmap networks, their `maps`.

    For networks with heatmaps, `heatmap_weight` times the cross-entropy against a Gaussian around
    the label is added to the compiled loss. It gives a gradient to every cell, while the loss on
    the position only moves the heatmap's mean.
    """

    heatmap_weight = 0.0
    ring = True
    """Whether the outermost cells of the heatmaps lie around the image."""

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
        if self.heatmap_weight and "maps" in y_pred:
            symmetric = y - ops.stop_gradient(y_pred["offset"])
            loss += self.heatmap_weight * map_cross_entropy(symmetric, y_pred["maps"], self.ring)
        return loss

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Metrics of the positions only."""
        return super().compute_metrics(x, y, y_pred["keypoints"], sample_weight)


def map_cross_entropy(target: Any, log_maps: Any, ring: bool = True) -> Any:
    """Cross-entropy of heatmaps against Gaussians around the labels; mean over labelled keypoints.

    Args:
        target: float (B, 15, 2) in pixels, NaN where there is no label.
        log_maps: float (B, h, w, 15), log-probabilities.
        ring: whether the outermost cells lie around the image.
    """
    _, height, width, _ = log_maps.shape
    _, present = residuals(target, ops.zeros_like(target))
    known = ops.where(ops.isnan(target), 0.0, target)
    across = gaussian(known[..., 0], cell_centres(width, ring))
    down = gaussian(known[..., 1], cell_centres(height, ring))
    entropy = -ops.einsum("bkh,bkw,bhwk->bk", down, across, log_maps)
    labelled = present[..., 0]
    return ops.sum(entropy * labelled) / ops.maximum(ops.sum(labelled), 1.0)


def gaussian(position: Any, centres: np.ndarray) -> Any:
    """Gaussians (B, K, cells) whose mean is `position` (B, K) in pixels; each row sums to 1.

    `centres` are those of the cells in pixels, float (cells,).

    The grid cuts off the tail of a Gaussian near its end, which would draw the mean inwards: such a
    Gaussian is centred farther out. Positions beyond the grid count as 0.5 px within it.
    """
    wanted = ops.clip(position, centres[0] + 0.5, centres[-1] - 0.5)[..., None]
    peak = wanted
    for _ in range(_NEWTON_STEPS):
        cut = _cut_gaussian(peak, centres)
        mean = ops.sum(cut * centres, axis=-1, keepdims=True)
        variance = ops.sum(cut * (centres - mean) ** 2, axis=-1, keepdims=True)
        peak += (wanted - mean) * TARGET_SIGMA**2 / variance
    return _cut_gaussian(peak, centres)


def _cut_gaussian(peak: Any, centres: np.ndarray) -> Any:
    return ops.softmax(-0.5 * ((peak - centres) / TARGET_SIGMA) ** 2, axis=-1)
