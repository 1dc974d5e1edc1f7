"""Read a photo file as viewers show it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageFile, ImageOps, UnidentifiedImageError

from data.system.errors import UserError
from kfold.inference.pixel_depth import to_rgb

# Pillow's own limit is on the size in the file; `_check_size` has one on what is decoded.
Image.MAX_IMAGE_PIXELS = None
_MAX_MEGAPIXELS = 200  # to decode: 600 MB of colours
_ENOUGH = 8000  # px a side: the smallest face that is found then has more than 96 px
_MIN_SIDE = 24  # px, the smallest face


@dataclass(frozen=True)
class Photo:
    """A photo, upright.

    Attributes:
        image: RGB, 8 bits, less than 16,000 px wide and high.
        width: of the photo itself, in pixels.
        height: of the photo itself.
    """

    image: Image.Image
    width: int
    height: int

    @property
    def gray(self) -> np.ndarray:
        """Gray values, uint8 (h, w)."""
        return np.asarray(self.image.convert("L"))

    @property
    def scale(self) -> float:
        """Pixels of the photo itself per pixel of `image`, 1 or more."""
        return max(self.width, self.height) / max(self.image.size)


def read_photo(path: Path) -> Photo:
    """Read a photo as viewers show it: turned by its EXIF orientation; the first of its images.

    Raises:
        UserError: the file is not an image, cannot be read, or has too many or too few pixels.
    """
    # Not opened by Pillow, which maps a file into memory then, and mixes up turned TIFF images.
    with naming_damage(path), path.open("rb") as file, warnings.catch_warnings(action="ignore"):
        return _upright(Image.open(file), path)


@contextmanager
def naming_damage(path: Path) -> Iterator[None]:
    """Raise any error in the block as a `UserError` that names the photo."""
    try:
        yield
    except UserError:
        raise
    except UnidentifiedImageError:
        raise UserError(
            f"{path}: expected an image, found another or a damaged file, or a format that Pillow "
            "cannot read. If a viewer shows it, save it as JPEG or PNG."
        ) from None
    except Exception as error:  # damaged files raise anything: there are 40 decoders
        reason = getattr(error, "strerror", None) or f"a damaged file ({error})"
        raise UserError(f"{path}: expected an image, found: {reason}.") from None


def _upright(opened: ImageFile.ImageFile, path: Path) -> Photo:
    size = opened.size
    shrink = max(1.0, max(size) / _ENOUGH)
    opened.draft(None, (int(size[0] / shrink), int(size[1] / shrink)))  # decodes less of a JPEG
    _check_size(path, size, opened.size)
    image = to_rgb(opened, path)
    image = image.reduce(max(1, max(image.size) // _ENOUGH))
    image.info.clear()
    image.getexif()[ExifTags.Base.Orientation] = _orientation(opened)
    image = ImageOps.exif_transpose(image)
    same_way = (size[0] > size[1]) == (image.width > image.height)
    return Photo(image, *(size if same_way else size[::-1]))


def _check_size(path: Path, size: tuple[int, int], decoded: tuple[int, int]) -> None:
    """Refuse a photo of `size` of which an image of the size `decoded` would be decoded."""
    found = f"{size[0]} x {size[1]} px"
    if min(size) < _MIN_SIDE:
        raise UserError(
            f"{path}: expected an image of at least {_MIN_SIDE} px by {_MIN_SIDE}, found {found}."
        )
    if decoded[0] * decoded[1] > _MAX_MEGAPIXELS * 1e6:
        raise UserError(
            f"{path}: expected at most {_MAX_MEGAPIXELS} megapixels, found {found}. Make it "
            f"smaller; more than {_ENOUGH} px a side are of no use."
        )


def _orientation(opened: Image.Image) -> int:
    """EXIF orientation; 1, upright, where the EXIF data are broken, as viewers take it."""
    try:
        return opened.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:
        return 1
