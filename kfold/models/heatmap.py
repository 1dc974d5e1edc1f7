"""Integral regression: one heatmap per keypoint, whose mean position is the prediction.

Both annotators share the backbone; each has its own heatmaps for the keypoints that it labels.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from data.competition import KEYPOINTS
from kfold.config.architecture import Architecture
from kfold.models.backbone import conv, features
from kfold.models.inputs import axis_offset, face_inputs
from kfold.models.layers import ChooseAnnotator, SoftArgmax


def heatmap_network(architecture: Architecture) -> tuple[dict[str, Any], dict[str, Any]]:
    """Build a heatmap network.

    Images may have any size that is a multiple of 16; heatmaps have a quarter of it and a further
    ring of cells around the image, so that their means reach its edge.

    Returns:
        inputs: see `face_inputs`.
        outputs: `keypoints` (B, 15, 2) in pixels, as the face's annotator would place them; `maps`
            (B, 26, 26, 15), log-probabilities over each heatmap's cells; `offset` (B, 15, 2) in
            pixels, which is added to the heatmaps' mean positions.
    """
    inputs = face_inputs(size=None)
    logits = _logits(inputs["image"], architecture)
    return inputs, decode_maps(inputs, logits, offset=architecture.axis_offset)


def decode_maps(
    inputs: dict[str, Any], logits: Any, offset: bool = True, ring: bool = True
) -> dict[str, Any]:
    """Keypoints from the logits of heatmaps.

    Args:
        inputs: see `face_inputs`.
        logits: (B, h, w, 15 + 4) of both annotators, or (B, h, w, 15) that they share.
        offset: whether to learn the annotators' offsets from the mirror axis.
        ring: whether the outermost cells lie around the image, see `cell_centres`.

    Returns:
        `keypoints`, `maps` and `offset`, see `heatmap_network`.
    """
    if logits.shape[-1] > len(KEYPOINTS):
        logits = ChooseAnnotator(dtype="float32")([logits, inputs["annotator"]])
    log_maps, means = SoftArgmax(ring, dtype="float32")(logits)
    offsets = axis_offset(inputs, offset)
    keypoints = layers.Add(dtype="float32")([means, offsets])
    return {"keypoints": keypoints, "maps": log_maps, "offset": offsets}


def _logits(image: Any, architecture: Architecture) -> Any:
    """Logits (B, 26, 26, 15 + 4) of both annotators, or (B, 26, 26, 15) if they share heatmaps."""
    stages, width = features(image, architecture), architecture.decoder_width
    x = stages.pop()
    while stages:
        x = layers.UpSampling2D()(conv(x, width, 1, architecture))
        x = layers.ReLU()(layers.Add()([x, conv(stages.pop(), width, 1, architecture)]))
        if stages:
            x = conv(x, width, 3, architecture, activation="relu")
    return map_logits(x, architecture)


def map_logits(x: Any, architecture: Architecture) -> Any:
    """Logits (B, 26, 26, 15 + 4 or 15) of heatmaps from features at 24x24.

    A convolution fills the ring of cells around the image.
    """
    x = layers.ZeroPadding2D()(x)
    x = conv(x, architecture.decoder_width, 3, architecture, activation="relu")
    # Small weights: every heatmap starts flat, and every keypoint in the middle of the image.
    small = keras.initializers.RandomNormal(stddev=0.01)
    return layers.Conv2D(architecture.outputs, 1, kernel_initializer=small, name="logits")(x)
