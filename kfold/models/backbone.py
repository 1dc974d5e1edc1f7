"""The residual backbone of `heatmap` and `regression`: gray values to features at 3 resolutions.

Residual branches start small (De & Smith, 2020, "Batch Normalization Biases Residual Blocks Towards
the Identity Function in Deep Networks"), so networks also train without batch norm. Batch norm
learns more per epoch but runs a quarter fewer epochs in the same CPU time: it wins short trainings
and ties long ones.
"""

from __future__ import annotations

from typing import Any

from keras import layers

from kfold.config.architecture import Architecture
from kfold.models.layers import FusedBatchNormalization, Scale

_BRANCH_SCALE = 0.2


def features(image: Any, architecture: Architecture) -> list[Any]:
    """Features of images (B, 96, 96, 1): one tensor per stage, at 24x24, 12x12 and 6x6."""
    x = conv(
        standardize(image),
        architecture.stem_width,
        architecture.stem_kernel,
        architecture,
        2,
        "relu",
    )
    x = conv(x, architecture.stage_widths[0], 3, architecture, 2, "relu")
    stages: list[Any] = []
    for width, blocks in zip(architecture.stage_widths, architecture.stage_blocks, strict=True):
        for block in range(blocks):
            x = _residual(x, width, architecture, stride=2 if stages and block == 0 else 1)
        stages.append(x)
    if architecture.dropout:
        stages[-1] = layers.SpatialDropout2D(architecture.dropout)(stages[-1])
    return stages


def standardize(image: Any) -> Any:
    """Gray values (B, H, W, 1) in 0-255 to zero mean and unit variance for each image.

    A flat image becomes zeros: `epsilon` is far below the variance of other images in units of 64
    gray values.
    """
    x = layers.Rescaling(1 / 64)(image)
    return layers.LayerNormalization((1, 2), epsilon=0.02, center=False, scale=False)(x)


def conv(
    x: Any,
    width: int,
    size: int,
    architecture: Architecture,
    stride: int = 1,
    activation: str | None = None,
) -> Any:
    """A `size` x `size` convolution to `width` channels; batch norm if the architecture has it."""
    convolution = layers.Conv2D(
        width,
        size,
        strides=stride,
        padding="same",
        activation=None if architecture.batch_norm else activation,
        kernel_initializer="he_normal",
    )
    if not architecture.batch_norm:
        return convolution(x)
    x = FusedBatchNormalization(momentum=0.97)(convolution(x))
    return layers.Activation(activation)(x) if activation else x


def _residual(x: Any, width: int, architecture: Architecture, stride: int) -> Any:
    kernel = architecture.block_kernel
    branch = conv(x, width, kernel, architecture, stride, "relu")
    branch = Scale(_BRANCH_SCALE)(conv(branch, width, kernel, architecture))
    if stride > 1:
        x = layers.AveragePooling2D(2)(x)
    if x.shape[-1] != width:
        x = conv(x, width, 1, architecture)
    return layers.ReLU()(layers.Add()([x, branch]))
