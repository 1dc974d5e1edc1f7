"""Widths, depths and filters of a network: what an architecture search may change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le, Lt

from data.competition import IMAGE_SIZE, KEYPOINTS, SECOND_ANNOTATOR
from kfold.validate import STRICT

Channels = Annotated[int, Ge(1)]
Blocks = Annotated[int, Ge(1)]
Side = Annotated[int, Ge(1), Le(9)]


@dataclass(frozen=True)
class Shape:
    """What a heatmap or regression network is made of (see `kfold.trunk`).

    Attributes:
        stem: channels at 48x48.
        stem_kernel: pixels along a side of the first convolution's filters.
        widths: channels at 24x24, 12x12 and 6x6.
        blocks: residual blocks at each of these.
        kernel: pixels along a side of the residual blocks' filters.
        padding: what lies beyond the edge: 'zeros', or the image mirrored at it.
        pooling: how the way past a residual block halves its size: 'average', 'max', or 'stride',
            which keeps every second value.
        decoder: channels on the way back to 24x24, where the maps are.
        dropout: share of the channels dropped from the coarsest features in training.
        annotator_heads: outputs of its own for each annotator; False makes both share them.
        axis_offset: learn how far each annotator strays from the mirror axis (see `AxisOffset`).
        batch_norm: normalise after every convolution.
    """

    __pydantic_config__: ClassVar = STRICT

    stem: Channels = 24
    stem_kernel: Side = 5
    widths: tuple[Channels, Channels, Channels] = (48, 64, 96)
    blocks: tuple[Blocks, Blocks, Blocks] = (1, 3, 3)
    kernel: Side = 3
    padding: Literal["zeros", "mirror"] = "zeros"
    pooling: Literal["average", "max", "stride"] = "average"
    decoder: Channels = 64
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.1
    annotator_heads: bool = True
    axis_offset: bool = True
    batch_norm: bool = True


def multiplications(shape: Shape) -> int:
    """How many products a heatmap network of this shape takes for an image of 96x96.

    They decide its time, whatever the weights, and are known without building it.
    """
    half, *areas = ((IMAGE_SIZE >> octave) ** 2 for octave in (1, 2, 3, 4))
    widths, decoder, before = shape.widths, shape.decoder, shape.widths[0]
    total = half * shape.stem_kernel**2 * shape.stem + areas[0] * 9 * shape.stem * before
    for area, width, blocks in zip(areas, widths, shape.blocks, strict=True):
        in_blocks = before * width + (2 * blocks - 1) * width**2
        beside = before * width if before != width else 0
        total += area * (shape.kernel**2 * in_blocks + beside)
        before = width
    for stage in (1, 0):
        total += areas[stage + 1] * before * decoder
        total += areas[stage] * (widths[stage] * decoder + 9 * decoder**2)
        before = decoder
    maps = len(KEYPOINTS) + len(SECOND_ANNOTATOR) * shape.annotator_heads
    return total + areas[0] * decoder * maps
