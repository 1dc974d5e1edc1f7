"""Direct regression on the heatmap networks' backbone: coordinates from the features at 6x6."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from data.competition import IMAGE_SIZE, KEYPOINTS
from kfold.config.architecture import Architecture
from kfold.models.backbone import features
from kfold.models.inputs import axis_offset, face_inputs
from kfold.models.layers import ChooseAnnotator


def regression_network(architecture: Architecture) -> tuple[dict[str, Any], dict[str, Any]]:
    """Build a regression network.

    A dense layer per annotator maps the features at 6x6 to offsets from the image's centre.

    Returns:
        inputs: see `face_inputs`.
        outputs: `keypoints` (B, 15, 2) in pixels; `offset` (B, 15, 2) in pixels, included in them.
    """
    inputs = face_inputs()
    x = layers.Flatten()(features(inputs["image"], architecture)[-1])
    columns = architecture.outputs
    small = keras.initializers.RandomNormal(stddev=0.01)
    x = layers.Dense(2 * columns, kernel_initializer=small, name="logits", dtype="float32")(x)
    points = layers.Reshape((1, 2, columns), dtype="float32")(x)
    if architecture.annotator_heads:
        points = ChooseAnnotator(dtype="float32")([points, inputs["annotator"]])
    points = layers.Reshape((2, len(KEYPOINTS)), dtype="float32")(points)
    points = layers.Permute((2, 1), dtype="float32")(points)
    half = IMAGE_SIZE / 2
    points = layers.Rescaling(half, offset=half, dtype="float32")(points)
    offset = axis_offset(inputs, architecture.axis_offset)
    keypoints = layers.Add(dtype="float32")([points, offset])
    return inputs, {"keypoints": keypoints, "offset": offset}
