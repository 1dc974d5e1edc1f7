"""Direct regression on the heatmap networks' trunk: coordinates from the coarsest features."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from data.competition import IMAGE_SIZE, KEYPOINTS, SECOND_ANNOTATOR
from kfold.inputs import axis_offset, face_inputs
from kfold.layers import ChooseAnnotator
from kfold.shape import Shape
from kfold.trunk import features


def regression_network(shape: Shape) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs (see `face_inputs`) and outputs: `keypoints` (B, 15, 2) in pixels and their `offset`.

    A dense layer per annotator, from the coarsest features to the distance from the image's centre.
    """
    inputs = face_inputs()
    x = layers.Flatten()(features(inputs["image"], shape)[-1])
    columns = len(KEYPOINTS) + len(SECOND_ANNOTATOR) * shape.annotator_heads
    small = keras.initializers.RandomNormal(stddev=0.01)
    x = layers.Dense(2 * columns, kernel_initializer=small, name="logits", dtype="float32")(x)
    points = layers.Reshape((1, 2, columns), dtype="float32")(x)
    if shape.annotator_heads:
        points = ChooseAnnotator(dtype="float32")([points, inputs["annotator"]])
    points = layers.Reshape((2, len(KEYPOINTS)), dtype="float32")(points)
    points = layers.Permute((2, 1), dtype="float32")(points)
    half = IMAGE_SIZE / 2
    points = layers.Rescaling(half, offset=half, dtype="float32")(points)
    offset = axis_offset(inputs, shape.axis_offset)
    keypoints = layers.Add(dtype="float32")([points, offset])
    return inputs, {"keypoints": keypoints, "offset": offset}
