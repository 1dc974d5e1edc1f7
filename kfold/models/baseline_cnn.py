"""The two baseline CNNs: plain convolutions that regress 30 coordinates."""

from __future__ import annotations

from typing import Any

from keras import layers

from data.competition import COORDINATES, IMAGE_SIZE, KEYPOINTS
from kfold.models.inputs import face_inputs


def plain_cnn(widths: tuple[int, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Build blocks of 3x3 convolution, pooling and batch norm, followed by two dense layers.

    The dense layers regress offsets from the image's centre in half-images.

    Args:
        widths: channels of each block; (32,) gives 37.8M parameters, (32, 64, 128) 9.55M.

    Returns:
        inputs: see `face_inputs`.
        outputs: `keypoints` (B, 15, 2) in pixels.
    """
    inputs = face_inputs()
    x = layers.Rescaling(1 / 255)(inputs["image"])
    for width in widths:
        x = layers.Conv2D(width, 3, padding="same", use_bias=False, activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
        x = layers.BatchNormalization()(x)
    x = layers.Flatten()(x)
    x = layers.Dense(512, activation="relu")(x)
    x = layers.Dropout(0.1)(x)
    x = layers.Dense(len(COORDINATES), dtype="float32")(x)
    x = layers.Reshape((len(KEYPOINTS), 2), dtype="float32")(x)
    half = IMAGE_SIZE / 2
    return inputs, {"keypoints": layers.Rescaling(half, offset=half, dtype="float32")(x)}
