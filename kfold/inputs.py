"""What every network sees of a face: its image, its annotator and whether it is mirrored."""

from __future__ import annotations

from typing import Any

import keras

from data.competition import IMAGE_SIZE
from kfold.layers import AxisOffset


def face_inputs(size: int | None = IMAGE_SIZE) -> dict[str, keras.KerasTensor]:
    """The inputs of every network, see `augment.batches.network_inputs`.

    Args:
        size: pixels along a side of the images; None for networks that take any.
    """
    return {
        "image": keras.Input((size, size, 1), name="image"),
        "annotator": keras.Input((), name="annotator", dtype="int32"),
        "mirrored": keras.Input((), name="mirrored", dtype="int32"),
    }


def axis_offset(inputs: dict[str, Any], learned: bool) -> Any:
    """How far each face's keypoints stray from its mirror axis, (B, 15, 2) in pixels."""
    layer = AxisOffset(trainable=learned, dtype="float32", name="axis_offset")
    return layer([inputs["annotator"], inputs["mirrored"]])
