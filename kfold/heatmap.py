"""Integral regression: a map for each keypoint, whose mean position is the prediction.

One trunk sees every face; each annotator has maps of its own for the points it labels.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from data.competition import KEYPOINTS, SECOND_ANNOTATOR
from kfold.inputs import axis_offset, face_inputs
from kfold.layers import ChooseAnnotator, SoftArgmax
from kfold.shape import Shape
from kfold.trunk import conv, features


def heatmap_network(shape: Shape) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs (see `face_inputs`) and outputs of a heatmap network.

    Images may have any size that 16 divides: maps have a quarter of it, and cover the same face.

    Outputs are `keypoints`, (B, 15, 2) in pixels, as the face's annotator would place them, with
    what they are made of: `maps`, (B, 24, 24, 15), for each keypoint the logarithm of a
    probability over the map's cells, and `offset`, (B, 15, 2), which is added to the maps' means.
    """
    inputs = face_inputs(size=None)
    maps = _logits(inputs["image"], shape)
    if shape.annotator_heads:
        maps = ChooseAnnotator(dtype="float32")([maps, inputs["annotator"]])
    log_maps, means = SoftArgmax(dtype="float32")(maps)
    offset = axis_offset(inputs, shape.axis_offset)
    keypoints = layers.Add(dtype="float32")([means, offset])
    return inputs, {"keypoints": keypoints, "maps": log_maps, "offset": offset}


def _logits(image: Any, shape: Shape) -> Any:
    """Maps (B, 24, 24, 15 + 4) of both annotators, or (B, 24, 24, 15) that they share."""
    stages = features(image, shape)
    x = stages.pop()
    while stages:
        x = layers.UpSampling2D()(conv(x, shape.decoder, 1, shape))
        x = layers.ReLU()(layers.Add()([x, conv(stages.pop(), shape.decoder, 1, shape)]))
        x = conv(x, shape.decoder, 3, shape, activation="relu")
    # Small weights: every map starts flat, and every keypoint in the middle of the image.
    small = keras.initializers.RandomNormal(stddev=0.01)
    maps = len(KEYPOINTS) + len(SECOND_ANNOTATOR) * shape.annotator_heads
    return layers.Conv2D(maps, 1, kernel_initializer=small, name="logits")(x)
