"""The architecture of our networks: widths, depths and kernel sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from data.competition import IMAGE_SIZE, KEYPOINTS, SECOND_ANNOTATOR
from kfold.config.validation import STRICT

Channels = Annotated[int, Ge(1), Le(1024)]
Blocks = Annotated[int, Ge(1), Le(32)]
KernelSize = Annotated[int, Ge(1), Le(9)]


@dataclass(frozen=True)
class Architecture:
    """Sizes of a heatmap or regression network (see `kfold.models.backbone`).

    Attributes:
        stem_width: channels at 48x48.
        stem_kernel: kernel size of the first convolution, in pixels.
        stage_widths: channels at 24x24, 12x12 and 6x6.
        stage_blocks: residual blocks of each stage.
        block_kernel: kernel size in the residual blocks, in cells of the stage.
        decoder_width: channels of the decoder, which ends at the heatmaps' 26x26: 24x24 and a ring.
        dropout: share of the channels at 6x6 that are dropped in training.
        annotator_heads: separate outputs for each annotator; False shares one set.
        axis_offset: learn each annotator's offset from the mirror axis (see `AxisOffset`).
        batch_norm: batch normalization after every convolution.
    """

    __pydantic_config__: ClassVar = STRICT

    stem_width: Channels = 24
    stem_kernel: KernelSize = 5
    stage_widths: tuple[Channels, Channels, Channels] = (48, 64, 96)
    stage_blocks: tuple[Blocks, Blocks, Blocks] = (1, 3, 3)
    block_kernel: KernelSize = 3
    decoder_width: Channels = 64
    dropout: Annotated[float, Ge(0), Le(0.95)] = 0.1
    annotator_heads: bool = True
    axis_offset: bool = True
    batch_norm: bool = True


def multiply_adds(architecture: Architecture) -> int:
    """Multiply-adds of a heatmap network for one 96x96 image, without building it.

    They decide its speed, whatever the weights are.
    """
    widths, decoder = architecture.stage_widths, architecture.decoder_width
    half, *areas = ((IMAGE_SIZE >> octave) ** 2 for octave in (1, 2, 3, 4))
    total = half * architecture.stem_kernel**2 * architecture.stem_width
    total += areas[0] * 9 * architecture.stem_width * widths[0]
    before = widths[0]
    for area, width, blocks in zip(areas, widths, architecture.stage_blocks, strict=True):
        in_blocks = before * width + (2 * blocks - 1) * width**2
        shortcut = before * width if before != width else 0
        total += area * (architecture.block_kernel**2 * in_blocks + shortcut)
        before = width
    for stage in (1, 0):
        total += areas[stage + 1] * before * decoder
        total += areas[stage] * widths[stage] * decoder
        before = decoder
    cells = (IMAGE_SIZE // 4 + 2) ** 2  # with the ring around the image
    maps = len(KEYPOINTS) + len(SECOND_ANNOTATOR) * architecture.annotator_heads
    return total + (areas[1] + cells) * 9 * decoder**2 + cells * decoder * maps
