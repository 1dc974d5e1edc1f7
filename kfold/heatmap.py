"""Integral regression: a map for each keypoint, whose mean position is the prediction.

One residual trunk sees every face; each annotator has maps of its own for the points it labels.
There is no batch norm: residual branches start small instead (De & Smith, 2020, 'Batch
Normalization Biases Residual Blocks Towards the Identity Function'), which is faster on a CPU and
learns faster here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from data.competition import KEYPOINTS, SECOND_ANNOTATOR
from kfold.layers import AxisOffset, ChooseAnnotator, Scale, SoftArgmax, Standardize
from kfold.reference import face_inputs

_BRANCH_SCALE = 0.2


@dataclass(frozen=True)
class Shape:
    """Widths and depths of a heatmap network.

    Attributes:
        stem: channels at 48x48.
        widths: channels at 24x24, 12x12 and 6x6.
        blocks: residual blocks at each of these.
        decoder: channels on the way back to 24x24, where the maps are.
    """

    stem: int = 24
    widths: tuple[int, ...] = (48, 96, 128)
    blocks: tuple[int, ...] = (1, 2, 2)
    decoder: int = 48


def heatmap_network(shape: Shape) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs (see `face_inputs`) and outputs of a heatmap network.

    Outputs are `keypoints`, (B, 15, 2) in pixels, as the face's annotator would place them, with
    what they are made of: `maps`, (B, 24, 24, 15), for each keypoint the logarithm of a
    probability over the map's cells, and `offset`, (B, 15, 2), which is added to the maps' means.
    """
    inputs = face_inputs()
    maps = ChooseAnnotator(dtype="float32")([_logits(inputs["image"], shape), inputs["annotator"]])
    log_maps, means = SoftArgmax(dtype="float32")(maps)
    offset = AxisOffset(dtype="float32")([inputs["annotator"], inputs["mirrored"]])
    outputs = {"keypoints": layers.Add()([means, offset]), "maps": log_maps, "offset": offset}
    return inputs, outputs


def _logits(image: Any, shape: Shape) -> Any:
    """Maps (B, 24, 24, 15 + 4) of both annotators."""
    x = Standardize()(image)
    x = _conv(x, shape.stem, 5, stride=2, activation="relu")
    x = _conv(x, shape.widths[0], 3, stride=2, activation="relu")
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
    # Small weights: every map starts flat, and every keypoint in the middle of the image.
    small = keras.initializers.RandomNormal(stddev=0.01)
    maps = len(KEYPOINTS) + len(SECOND_ANNOTATOR)
    return layers.Conv2D(maps, 1, kernel_initializer=small, name="logits")(x)


def _conv(x: Any, width: int, size: int, stride: int = 1, activation: str | None = None) -> Any:
    return layers.Conv2D(
        width,
        size,
        strides=stride,
        padding="same",
        activation=activation,
        kernel_initializer="he_normal",
    )(x)


def _residual(x: Any, width: int, stride: int) -> Any:
    branch = _conv(x, width, 3, stride, activation="relu")
    branch = Scale(_BRANCH_SCALE)(_conv(branch, width, 3))
    if stride > 1:
        x = layers.AveragePooling2D(stride)(x)
    if x.shape[-1] != width:
        x = _conv(x, width, 1)
    return layers.ReLU()(layers.Add()([x, branch]))
