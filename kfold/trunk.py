"""The residual trunk that our networks share, from gray values to features at three resolutions.

There is no batch norm: residual branches start small instead (De & Smith, 2020, 'Batch
Normalization Biases Residual Blocks Towards the Identity Function'), which is faster on a CPU and
learns faster here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keras import layers

from kfold.layers import Scale, Standardize

_BRANCH_SCALE = 0.2


@dataclass(frozen=True)
class Shape:
    """Widths and depths of a network, and what an ablation takes away from it.

    Attributes:
        stem: channels at 48x48.
        widths: channels at 24x24, 12x12 and 6x6.
        blocks: residual blocks at each of these.
        decoder: channels on the way back to 24x24, where the maps are.
        dropout: share of the channels dropped from the coarsest features in training.
        annotator_heads: outputs of its own for each annotator; False makes both share them.
        axis_offset: learn how far each annotator strays from the mirror axis (see `AxisOffset`).
        batch_norm: normalise after every convolution.
    """

    stem: int = 24
    widths: tuple[int, ...] = (48, 96, 128)
    blocks: tuple[int, ...] = (1, 2, 2)
    decoder: int = 48
    dropout: float = 0.0
    annotator_heads: bool = True
    axis_offset: bool = True
    batch_norm: bool = False


def features(image: Any, shape: Shape) -> list[Any]:
    """Features of images (B, 96, 96, 1) at 24x24, 12x12 and 6x6, each of its width in `shape`."""
    x = Standardize()(image)
    x = conv(x, shape.stem, 5, shape, stride=2, activation="relu")
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
        return _conv(x, width, size, stride, activation)
    x = layers.BatchNormalization(momentum=0.97)(_conv(x, width, size, stride))
    return layers.Activation(activation)(x) if activation else x


def _conv(x: Any, width: int, size: int, stride: int, activation: str | None = None) -> Any:
    return layers.Conv2D(
        width,
        size,
        strides=stride,
        padding="same",
        activation=activation,
        kernel_initializer="he_normal",
    )(x)


def _residual(x: Any, width: int, shape: Shape, stride: int) -> Any:
    branch = conv(x, width, 3, shape, stride, activation="relu")
    branch = Scale(_BRANCH_SCALE)(conv(branch, width, 3, shape))
    if stride > 1:
        x = layers.AveragePooling2D(stride)(x)
    if x.shape[-1] != width:
        x = conv(x, width, 1, shape)
    return layers.ReLU()(layers.Add()([x, branch]))
