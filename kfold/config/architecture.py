"""The architecture of our networks: widths, depths and kernel sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from data.competition import KEYPOINTS, SECOND_ANNOTATOR
from kfold.config.validation import STRICT

Channels = Annotated[int, Ge(1), Le(1024)]
Blocks = Annotated[int, Ge(1), Le(32)]
KernelSize = Annotated[int, Ge(1), Le(9)]


@dataclass(frozen=True)
class Architecture:
    """Sizes of a network (see `kfold.models.backbone` and `kfold.models.unet`).

    Attributes:
        stem_width: channels at 48x48.
        stem_kernel: kernel size of the first convolution, in pixels.
        stage_widths: channels at 24x24, 12x12 and 6x6; a U-Net has twice the last at 3x3.
        stage_blocks: residual blocks of each stage; in a U-Net, convolutions after the first.
        block_kernel: kernel size in these blocks, in cells of the stage.
        decoder_width: channels of the decoder, which ends at the heatmaps' 26x26: 24x24 and a ring.
        dropout: share of the channels at the lowest resolution that are dropped in training.
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

    @property
    def outputs(self) -> int:
        """Number of outputs, a heatmap or a position each: 15 + 4 of both annotators, or 15."""
        return len(KEYPOINTS) + len(SECOND_ANNOTATOR) * self.annotator_heads


def unet_stages(architecture: Architecture) -> list[tuple[int, int]]:
    """Channels and further convolutions of a U-Net's stages, at 24x24, 12x12, 6x6 and 3x3."""
    widths, blocks = architecture.stage_widths, architecture.stage_blocks
    return list(zip((*widths, 2 * widths[-1]), (*blocks, blocks[-1]), strict=True))
