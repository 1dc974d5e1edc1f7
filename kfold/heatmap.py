"""Integral regression: a map for each keypoint, whose mean position is the prediction.

One residual trunk sees every face; each annotator has maps of its own for the points it labels.
There is no batch norm: residual branches start small instead (De & Smith, 2020, 'Batch
Normalization Biases Residual Blocks Towards the Identity Function'), which is faster on a CPU and
leaves nothing to re-estimate when the weights are averaged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from data.competition import IMAGE_SIZE, KEYPOINTS
from kfold.reference import face_inputs

SECOND_ANNOTATOR = tuple(
    KEYPOINTS.index(name)
    for name in ("left_eye_center", "right_eye_center", "nose_tip", "mouth_center_bottom_lip")
)
"""The keypoints that the second annotator labels; for the others the first one's are returned."""

_BRANCH_SCALE = 0.2


@dataclass(frozen=True)
class Shape:
    """Widths and depths of a heatmap network.

    Attributes:
        widths: channels at 24x24, 12x12 and 6x6.
        blocks: residual blocks at each of these.
        decoder: channels on the way back to 24x24, where the maps are.
    """

    widths: tuple[int, ...] = (48, 96, 128)
    blocks: tuple[int, ...] = (1, 2, 2)
    decoder: int = 48


def heatmap_network(shape: Shape) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs (see `face_inputs`) and outputs of a heatmap network.

    Outputs are `keypoints`, (B, 15, 2) in pixels, and `maps`, (B, 24, 24, 15): for each keypoint
    the logarithm of a probability over the map's cells, as the face's annotator would place it.
    """
    inputs = face_inputs()
    x = layers.Rescaling(1 / 64, offset=-2)(inputs["image"])
    x = _conv(x, shape.widths[0], 8, stride=4, activation="relu")
    stages: list[Any] = []
    for width, blocks in zip(shape.widths, shape.blocks, strict=True):
        for block in range(blocks):
            x = _residual(x, width, stride=2 if stages and block == 0 else 1)
        stages.append(x)
    x = stages.pop()
    while stages:
        x = layers.UpSampling2D()(_conv(x, shape.decoder, 1))
        x = layers.ReLU()(layers.Add()([x, _conv(stages.pop(), shape.decoder, 1)]))
        x = _conv(x, shape.decoder, 3, activation="relu")
    logits = _conv(x, len(KEYPOINTS) + len(SECOND_ANNOTATOR), 1, init=0.01)
    chosen = ChooseAnnotator(dtype="float32")([logits, inputs["annotator"]])
    maps, keypoints = SoftArgmax(dtype="float32")(chosen)
    return inputs, {"keypoints": keypoints, "maps": maps}


def _conv(
    x: Any,
    width: int,
    size: int,
    stride: int = 1,
    activation: str | None = None,
    init: float | None = None,
) -> Any:
    initializer = keras.initializers.RandomNormal(stddev=init) if init else "he_normal"
    return layers.Conv2D(
        width,
        size,
        strides=stride,
        padding="same",
        activation=activation,
        kernel_initializer=initializer,
    )(x)


def _residual(x: Any, width: int, stride: int) -> Any:
    branch = _conv(x, width, 3, stride, activation="relu")
    branch = Scale(_BRANCH_SCALE)(_conv(branch, width, 3))
    if stride > 1:
        x = layers.AveragePooling2D(stride)(x)
    if x.shape[-1] != width:
        x = _conv(x, width, 1)
    return layers.ReLU()(layers.Add()([x, branch]))


@keras.saving.register_keras_serializable("kfold")
class Scale(layers.Layer):
    """Multiply by one learned number."""

    def __init__(self, start: float, **options: Any) -> None:
        super().__init__(**options)
        self.start = start
        self.factor = self.add_weight(
            shape=(), initializer=keras.initializers.Constant(start), name="factor"
        )

    def call(self, x: Any) -> Any:
        """Any shape in, the same out."""
        return x * ops.cast(self.factor, x.dtype)

    def get_config(self) -> dict[str, Any]:
        """What the constructor needs."""
        return {**super().get_config(), "start": self.start}


@keras.saving.register_keras_serializable("kfold")
class ChooseAnnotator(layers.Layer):
    """From the maps (B, h, w, 15 + 4) of both annotators take each face's own: (B, h, w, 15)."""

    def call(self, inputs: tuple[Any, Any]) -> Any:
        """Maps and annotator (B,) to maps."""
        maps, annotator = inputs
        first = maps[..., : len(KEYPOINTS)]
        columns = np.arange(len(KEYPOINTS))
        columns[list(SECOND_ANNOTATOR)] = len(KEYPOINTS) + np.arange(len(SECOND_ANNOTATOR))
        second = ops.take(maps, columns, axis=-1)
        return ops.where(ops.reshape(annotator, (-1, 1, 1, 1)) == 1, first, second)

    def compute_output_shape(self, shapes: Any) -> Any:
        """One map a keypoint."""
        return (*shapes[0][:-1], len(KEYPOINTS))


@keras.saving.register_keras_serializable("kfold")
class SoftArgmax(layers.Layer):
    """Softmax over each map and its mean position (Nibali et al., 2018; Sun et al., 2018).

    A map of h x w cells covers the image evenly: cell i is centred at (i + 1/2) 96/h - 1/2 px. The
    softmax's sharpness is learned for each map.
    """

    def build(self, shape: Any) -> None:
        """Add a sharpness for each of the K maps."""
        self.sharpness = self.add_weight(shape=(shape[-1],), initializer="zeros", name="sharpness")

    def call(self, logits: Any) -> tuple[Any, Any]:
        """Logits (B, h, w, K) to log-probabilities of that shape and pixels (B, K, 2)."""
        _, height, width, keypoints = logits.shape
        flat = ops.reshape(logits * ops.exp(self.sharpness), (-1, height * width, keypoints))
        log_maps = ops.reshape(ops.log_softmax(flat, axis=1), (-1, height, width, keypoints))
        maps = ops.exp(log_maps)
        x = ops.einsum("bhwk,w->bk", maps, cell_centres(width))
        y = ops.einsum("bhwk,h->bk", maps, cell_centres(height))
        return log_maps, ops.stack([x, y], axis=-1)

    def compute_output_shape(self, shape: Any) -> Any:
        """Maps and points."""
        return shape, (shape[0], shape[-1], 2)


def cell_centres(cells: int) -> np.ndarray:
    """Position in pixels of the centres of a map's cells along one axis, float32 (cells,)."""
    return ((np.arange(cells) + 0.5) * IMAGE_SIZE / cells - 0.5).astype(np.float32)
