"""The two reference networks: plain convolutions that regress 30 numbers."""

from __future__ import annotations

from typing import Any

from keras import layers

from data.competition import COORDINATES, IMAGE_SIZE, KEYPOINTS
from kfold.inputs import face_inputs


def plain_cnn(widths: tuple[int, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs and outputs of blocks of 3x3 convolution, pooling and batch norm, then two Dense.

    It regresses offsets from the image's centre in half-images; `keypoints` are pixels (B, 15, 2).
    With widths (32,) it has 37.8M parameters, with (32, 64, 128) 9.55M.
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
