"""Images of any pixel format as 8-bit colours."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import cv2
import numpy as np
from PIL import Image, ImageCms, ImageFile

from data.system.errors import UserError

_BITS = (8, 10, 12, 14, 16)
"""Bits that cameras and scanners use of an integer."""


def to_rgb(opened: ImageFile.ImageFile, path: Path) -> Image.Image:
    """Convert an image that was just opened to 8 bits of red, green and blue.

    Values of more bits are scaled by the bits that are in use. Transparent pixels become white.

    Args:
        opened: of any mode; its pixels need not be loaded yet.
        path: its file.

    Raises:
        UserError: values are negative or not finite, or OpenCV cannot read colours of 16 bits.
    """
    image: Image.Image = opened
    raw_modes = [str(tile.args) for tile in opened.tile]
    if len(image.getbands()) > 1 and any(";16" in raw_mode for raw_mode in raw_modes):
        image = _deep_colours(path)  # Pillow would drop the lower 8 bits
    elif image.mode.startswith("I;16") or image.mode in ("I", "F"):
        image = Image.fromarray(_to_8_bits(np.asarray(image), path))
    elif image.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
        image = cast(Image.Image, converted)  # None only if it were changed in place
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return image.convert("RGB")


def _deep_colours(path: Path) -> Image.Image:
    """Read colours of 16 bits with OpenCV, which Pillow cannot."""
    values = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if values is None:
        raise UserError(f"{path}: expected colours of 8 bits, found 16. Save it with 8.")
    order = cv2.COLOR_BGRA2RGBA if values.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return Image.fromarray(cv2.cvtColor(_to_8_bits(values, path), order))


def _to_8_bits(values: np.ndarray, path: Path) -> np.ndarray:
    """Scale values of any shape to uint8.

    Floats up to 1 are shares of white. Other values have as many bits as the largest one needs;
    beyond 16 bits, the largest one is white.
    """
    if not np.isfinite(values).all() or values.min() < 0:
        raise UserError(
            f"{path}: expected gray values from 0, found negative ones, infinite ones or NaN. Save "
            "it as PNG with 8 bits."
        )
    largest = float(values.max())
    white = next((2**bits - 1 for bits in _BITS if largest < 2**bits), largest)
    if values.dtype.kind == "f" and largest <= 1:
        white = 1
    return cv2.convertScaleAbs(values, alpha=255 / white)  # rounds, without a copy as floats
