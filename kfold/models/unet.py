"""A U-Net (Ronneberger et al., 2015) whose heatmaps are read by their mean.

Plain convolutions, one resolution more than the residual backbone, and features that are joined
instead of added. It has as much arithmetic, in fewer and wider convolutions, and trains an eighth
faster in bfloat16 (`tests/bench/README.md`). A blend of both networks is better than each.
"""

from __future__ import annotations

from typing import Any

from keras import layers

from kfold.config.architecture import Architecture, unet_stages
from kfold.models.backbone import conv, standardize
from kfold.models.heatmap import decode_maps, map_logits
from kfold.models.inputs import face_inputs


def unet_network(architecture: Architecture) -> tuple[dict[str, Any], dict[str, Any]]:
    """Build a U-Net.

    Images may have any size that is a multiple of 32.

    Returns:
        As `kfold.models.heatmap.heatmap_network`.
    """
    inputs = face_inputs(size=None)
    features = _features(inputs["image"], architecture)
    logits = map_logits(features, architecture)
    return inputs, decode_maps(inputs, logits, offset=architecture.axis_offset)


def _features(image: Any, architecture: Architecture) -> Any:
    """Features of images (B, 96, 96, 1) at 24x24."""
    stem, stages = architecture.stem_width, unet_stages(architecture)
    x = conv(standardize(image), stem, architecture.stem_kernel, architecture, 2, "relu")
    skips: list[Any] = []
    for width, blocks in stages:  # down to 24x24, 12x12, 6x6, 3x3
        x = conv(x, width, 3, architecture, 2, "relu")
        for _ in range(blocks):
            x = conv(x, width, architecture.block_kernel, architecture, activation="relu")
        skips.append(x)
    x = skips.pop()
    if architecture.dropout:
        x = layers.SpatialDropout2D(architecture.dropout)(x)
    for width, _ in reversed(stages[:-1]):  # and up to 6x6, 12x12, 24x24
        x = layers.Concatenate()([layers.UpSampling2D()(x), skips.pop()])
        x = conv(x, max(width, architecture.decoder_width), 3, architecture, activation="relu")
    return x
