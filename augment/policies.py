"""Augmentation policies by name: which transforms, how strong and how often."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from numbers import Real
from typing import Any, NoReturn

from data.competition import IMAGE_SIZE
from data.system.errors import UserError

_PROBABILITIES = ("flip", "warp", "photometric", "blur_noise", "coarse_dropout")
_LARGEST = {**dict.fromkeys(_PROBABILITIES, 1), "rotate": 180, "shift": IMAGE_SIZE}
_QUARTER = (IMAGE_SIZE - 1) / 4


@dataclass(frozen=True)
class Policy:
    """Ranges and probabilities of one augmentation policy; the defaults change nothing.

    Attributes:
        flip: probability of a horizontal flip.
        warp: probability of the geometric warp that the next four fields describe.
        rotate: largest rotation about the image's centre, in degrees in either direction.
        scale: smallest and largest scale; drawn log-uniformly.
        shift: largest shift along x and y, in pixels in either direction.
        perspective: largest further shift of each corner along x and y, in pixels.
        photometric: probability of one change of brightness and contrast, of gamma, or of local
            contrast (CLAHE).
        blur_noise: probability of Gaussian blur or Gaussian noise.
        coarse_dropout: probability of one to three filled rectangles; keypoints below them stay.
        transforms: albumentations transforms of your own, applied last. They are compared by
            identity; `augment.transform_check` tries them.

    Raises:
        UserError: a value is out of range.
    """

    flip: float = 0.0
    warp: float = 0.0
    rotate: float = 0.0
    scale: tuple[float, float] = (1.0, 1.0)
    shift: float = 0.0
    perspective: float = 0.0
    photometric: float = 0.0
    blur_noise: float = 0.0
    coarse_dropout: float = 0.0
    transforms: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        if not _is_range(self.scale):
            _refuse(
                "scale", "two positive numbers, the smaller first, such as (0.9, 1.1)", self.scale
            )
        if not isinstance(self.transforms, tuple):
            _refuse("transforms", "a tuple such as (A.Blur(),)", type(self.transforms).__name__)
        # If corners moved farther, they could cross, and the face would be turned inside out.
        perspective = math.floor(10 * _QUARTER * self.scale[0]) / 10
        for name, largest in {**_LARGEST, "perspective": perspective}.items():
            value = getattr(self, name)
            if not _is_number(value) or not 0 <= value <= largest:
                _refuse(name, f"a number from 0 to {largest}", value)

    @property
    def rules(self) -> str:
        """Fields that differ from their defaults, and transforms: 'flip 0.5, warp 0.8, Blur'."""
        changed = [
            f"{field.name} {getattr(self, field.name)}"
            for field in fields(self)
            if field.name != "transforms" and getattr(self, field.name) != field.default
        ]
        return ", ".join([*changed, *(type(each).__name__ for each in self.transforms)])


def _is_number(value: Any) -> bool:
    return isinstance(value, Real)


def _is_range(value: Any) -> bool:
    numbers = isinstance(value, tuple) and all(map(_is_number, value))
    return numbers and len(value) == 2 and 0 < value[0] <= value[1] < math.inf


def _refuse(field: str, expected: str, found: Any) -> NoReturn:
    raise UserError(f"augmentation policy: {field}: expected {expected}; found {found!r}")


POLICIES = {
    "none": Policy(),
    "flip": Policy(flip=0.5),
    "light": Policy(
        flip=0.5,
        warp=0.8,
        rotate=12.0,
        scale=(0.88, 1.14),
        shift=5,
        perspective=1.5,
        photometric=0.5,
        blur_noise=0.15,
        coarse_dropout=0.1,
    ),
    "standard": Policy(
        flip=0.5,
        warp=0.9,
        rotate=16.0,
        scale=(0.86, 1.17),
        shift=6,
        perspective=2.0,
        photometric=0.8,
        blur_noise=0.25,
        coarse_dropout=0.2,
    ),
    "strong": Policy(
        flip=0.5,
        warp=0.9,
        rotate=30.0,
        scale=(0.5, 1.35),
        shift=12,
        perspective=4.0,
        photometric=0.8,
        blur_noise=0.4,
        coarse_dropout=0.3,
    ),
}
