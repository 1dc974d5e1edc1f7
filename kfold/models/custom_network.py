"""A model around a network that a user's file declares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from data.competition import IMAGE_SIZE, KEYPOINTS, SECOND_ANNOTATOR
from data.system.errors import UserError
from kfold.models.heatmap import decode_maps
from kfold.models.inputs import face_inputs
from kfold.models.keypoint_model import KeypointModel

_MAPS = (len(KEYPOINTS), len(KEYPOINTS) + len(SECOND_ANNOTATOR))
_LEAST_CELLS, _LEAST_CELLS_ANY_SIZE = 12, 18
"""Coarser cells are too far apart for the Gaussian targets; images of 64x64 have fewer."""
_EXPECTED = (
    f"logits of heatmaps (B, h, w, {_MAPS[1]}) or (B, h, w, {_MAPS[0]}), or keypoints "
    f"(B, {len(KEYPOINTS)}, 2) in pixels"
)


def custom_network(network: Callable[[dict[str, Any]], Any], any_size: bool) -> KeypointModel:
    """Build a network and what follows its output.

    Args:
        network: maps `face_inputs` to logits of heatmaps or to keypoints, see
            `kfold.custom.network`.
        any_size: take images of any size, as low-resolution epochs need.

    Raises:
        UserError: its output has another shape, or is none; or it returns keypoints for images of
            any size.
    """
    inputs = face_inputs()
    output = network(inputs)
    _check_output(output, _LEAST_CELLS_ANY_SIZE if any_size else _LEAST_CELLS)
    if len(output.shape) == 3:
        if any_size:
            raise UserError(
                "low_res_share: expected 0.0, as a network of keypoints takes one image size only."
            )
        # Computed in float32, as bfloat16 would round positions.
        return KeypointModel(
            inputs, {"keypoints": layers.Activation(None, dtype="float32")(output)}
        )
    ring = IMAGE_SIZE % output.shape[1] != 0
    if any_size:
        inputs = face_inputs(size=None)
        output = network(inputs)
    model = KeypointModel(inputs, decode_maps(inputs, output, ring=ring))
    model.ring = ring
    return model


def _check_output(output: Any, least: int) -> None:
    if not isinstance(output, keras.KerasTensor):
        raise UserError(f"expected a network's output, {_EXPECTED}; found {output!r:.80}.")
    shape = output.shape
    is_keypoints = shape[1:] == (len(KEYPOINTS), 2)
    is_maps = len(shape) == 4 and shape[-1] in _MAPS and shape[1] == shape[2]
    if not (is_keypoints or is_maps):
        raise UserError(f"expected {_EXPECTED}; found the shape {_shown(shape)}.")
    cells = shape[1]
    if is_maps and (cells < least or (IMAGE_SIZE % cells and IMAGE_SIZE % (cells - 2))):
        raise UserError(
            f"expected heatmaps of at least {least} cells that cover {IMAGE_SIZE} pixels evenly, "
            f"such as 24, 48 or 96, or 26 with a ring around the image; found {cells} cells."
        )


def _shown(shape: tuple[int | None, ...]) -> str:
    return f"({', '.join(str(size or 'B') for size in shape)})"
