"""The arithmetic of networks, without building them: it decides their speed."""

from __future__ import annotations

from data.competition import IMAGE_SIZE
from kfold.config.architecture import Architecture, unet_stages
from kfold.config.recipe import Recipe

_HALF, *_AREAS = ((IMAGE_SIZE >> octave) ** 2 for octave in range(1, 6))
_CELLS = (IMAGE_SIZE // 4 + 2) ** 2  # of a heatmap, with the ring around the image


def multiply_adds(recipe: Recipe) -> int | None:
    """Multiply-adds of a network for one 96x96 image; None if they are not counted."""
    if recipe.network == "heatmap":
        return _of_residual(recipe.architecture)
    if recipe.network == "unet":
        return _of_unet(recipe.architecture)
    return None


def _of_residual(architecture: Architecture) -> int:
    widths, decoder = architecture.stage_widths, architecture.decoder_width
    total = _stem(architecture) + _AREAS[0] * 9 * architecture.stem_width * widths[0]
    before = widths[0]
    for area, width, blocks in zip(_AREAS[:3], widths, architecture.stage_blocks, strict=True):
        in_blocks = before * width + (2 * blocks - 1) * width**2
        shortcut = before * width if before != width else 0
        total += area * (architecture.block_kernel**2 * in_blocks + shortcut)
        before = width
    for stage in (1, 0):
        total += _AREAS[stage + 1] * before * decoder
        total += _AREAS[stage] * widths[stage] * decoder
        before = decoder
    return total + _AREAS[1] * 9 * decoder**2 + _maps(decoder, architecture)


def _of_unet(architecture: Architecture) -> int:
    total, before = _stem(architecture), architecture.stem_width
    stages = list(zip(_AREAS, unet_stages(architecture), strict=True))
    for area, (width, blocks) in stages:
        inner = architecture.block_kernel**2 * blocks * width**2
        total += area * (9 * before * width + inner)
        before = width
    for area, (width, _) in reversed(stages[:-1]):
        wide = max(width, architecture.decoder_width)
        total += area * 9 * (before + width) * wide
        before = wide
    return total + _maps(before, architecture)


def _stem(architecture: Architecture) -> int:
    return _HALF * architecture.stem_kernel**2 * architecture.stem_width


def _maps(features: int, architecture: Architecture) -> int:
    """The convolution that fills the ring, and that to the heatmaps."""
    width = architecture.decoder_width
    return _CELLS * width * (9 * features + architecture.outputs)
