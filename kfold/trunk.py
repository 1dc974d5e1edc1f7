"""The residual trunk that our networks share, from gray values to features at three resolutions.

Residual branches start small (De & Smith, 2020, 'Batch Normalization Biases Residual Blocks Towards
the Identity Function'), so that batch norm may be left out. With it a network learns more an epoch
and makes a quarter fewer of them in the same time on a CPU: better if that is short, else a tie.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import layers, ops

from kfold.layers import Scale, Standardize
from kfold.shape import Shape

_BRANCH_SCALE = 0.2


POOLING: dict[str, Callable[[], layers.Layer]] = {
    "average": lambda: layers.AveragePooling2D(2),
    "max": lambda: layers.MaxPooling2D(2),
    "stride": lambda: layers.MaxPooling2D(1, strides=2),
}
"""How the way past a residual block is halved, by the names that a `Shape` knows."""


def features(image: Any, shape: Shape) -> list[Any]:
    """Features of images (B, 96, 96, 1) at 24x24, 12x12 and 6x6, each of its width in `shape`."""
    x = Standardize()(image)
    x = conv(x, shape.stem, shape.stem_kernel, shape, stride=2, activation="relu")
    x = conv(x, shape.widths[0], 3, shape, stride=2, activation="relu")
    stages: list[Any] = []
    for width, blocks in zip(shape.widths, shape.blocks, strict=True):
        for block in range(blocks):
            x = _residual(x, width, shape, stride=2 if stages and block == 0 else 1)
        stages.append(x)
    if shape.dropout:
        stages[-1] = layers.SpatialDropout2D(shape.dropout)(stages[-1])
    return stages


def conv(
    x: Any, width: int, size: int, shape: Shape, stride: int = 1, activation: str | None = None
) -> Any:
    """A convolution of the trunk's kind."""
    if not shape.batch_norm:
        return _conv(x, width, size, shape, stride, activation)
    x = layers.BatchNormalization(momentum=0.97)(_conv(x, width, size, shape, stride))
    return layers.Activation(activation)(x) if activation else x


def _conv(
    x: Any, width: int, size: int, shape: Shape, stride: int, activation: str | None = None
) -> Any:
    beyond = max(0, size - stride)
    mirrored = shape.padding == "mirror" and beyond > 0
    if mirrored:
        sides = (beyond // 2, beyond - beyond // 2)  # where "same" puts its zeros
        x = ops.pad(x, ((0, 0), sides, sides, (0, 0)), mode="symmetric")
    return layers.Conv2D(
        width,
        size,
        strides=stride,
        padding="valid" if mirrored else "same",
        activation=activation,
        kernel_initializer="he_normal",
    )(x)


def _residual(x: Any, width: int, shape: Shape, stride: int) -> Any:
    branch = conv(x, width, shape.kernel, shape, stride, activation="relu")
    branch = Scale(_BRANCH_SCALE)(conv(branch, width, shape.kernel, shape))
    if stride > 1:
        x = POOLING[shape.pooling]()(x)
    if x.shape[-1] != width:
        x = conv(x, width, 1, shape)
    return layers.ReLU()(layers.Add()([x, branch]))
