"""Photo files: which to read, how to read them, and where their predictions go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from data.system.errors import UserError

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm")
"""Files that are read from a folder; a file that is named itself may have any suffix."""


def list_photos(paths: Sequence[Path]) -> list[Path]:
    """The named files, and the photos in the named folders, sorted; each once.

    Raises:
        UserError: nothing is named, a path does not exist, or a folder has no photo.
    """
    if not paths:
        raise UserError('IMAGE: expected a photo or a folder, found none. Pass IMAGE="a.jpg b".')
    photos = []
    for path in paths:
        if not path.exists():
            raise UserError(f"{path}: expected a photo or a folder, found no such file.")
        inside = sorted(p for p in path.glob("*") if p.suffix.lower() in SUFFIXES)
        if path.is_dir() and not inside:
            raise UserError(f"{path}: expected photos ({', '.join(SUFFIXES)}), found none.")
        photos += inside if path.is_dir() else [path]
    return list(dict.fromkeys(photos))


def name_targets(photos: Sequence[Path], out: Path) -> list[Path]:
    """Path of each photo's drawing and JSON in the folder `out`, without suffix.

    Raises:
        UserError: two photos have the same target, or a drawing would replace a photo.
    """
    targets: dict[Path, Path] = {}
    originals = {photo.resolve() for photo in photos}
    for photo in photos:
        target = out / photo.stem
        if target in targets:
            raise UserError(
                f"{photo}: {target}.png is already the drawing of {targets[target]}. "
                "Predict them one after the other, each with its own OUT=<folder>."
            )
        if target.with_name(f"{target.name}.png").resolve() in originals:
            raise UserError(f"{photo}: the drawing would replace a photo. Pass another OUT=.")
        targets[target] = photo
    return list(targets)


def read_photo(path: Path) -> Image.Image:
    """Read a photo as viewers show it, turned by its EXIF orientation.

    Raises:
        UserError: the file is not an image or cannot be read.
    """
    try:
        with Image.open(path) as image:
            return ImageOps.exif_transpose(_with_8_bits(image))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or "another or a damaged file"
        raise UserError(f"{path}: expected an image, found: {reason}.") from None


def _with_8_bits(image: Image.Image) -> Image.Image:
    """Scale gray values of 16 bits or more to 8 bits; Pillow would clip them."""
    if image.mode not in ("I;16", "I;16B", "I;16L", "I", "F"):
        return image
    values = np.asarray(image, np.float64)
    largest = max(values.max(), 1) if image.mode == "F" else 2**16 - 1
    scaled = Image.fromarray((values / largest * 255).clip(0, 255).astype(np.uint8))
    scaled.info = image.info
    return scaled
