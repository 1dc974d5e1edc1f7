"""Inputs of every network: a face's image, its annotator and whether it is mirrored."""

from __future__ import annotations

from typing import Any

import keras

from data.competition import IMAGE_SIZE
from kfold.models.layers import AxisOffset


def face_inputs(size: int | None = IMAGE_SIZE) -> dict[str, keras.KerasTensor]:
    """Symbolic inputs with the names and shapes of `augment.batches.network_inputs`.

    Args:
        size: width and height of the images in pixels; None for networks that accept any size.
    """
    return {
        "image": keras.Input((size, size, 1), name="image"),
        "annotator": keras.Input((), name="annotator", dtype="int32"),
        "mirrored": keras.Input((), name="mirrored", dtype="int32"),
    }


def axis_offset(inputs: dict[str, Any], learned: bool) -> Any:
    """Offset of each face's keypoints from the mirror axis, (B, 15, 2) in pixels; see `AxisOffset`.

    Args:
        inputs: see `face_inputs`.
        learned: False keeps the offset at 0.
    """
    layer = AxisOffset(trainable=learned, dtype="float32", name="axis_offset")
    return layer([inputs["annotator"], inputs["mirrored"]])
