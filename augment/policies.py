"""Augmentation policies by name: which transforms, how strong and how often."""

from __future__ import annotations

from dataclasses import dataclass, fields

from data.system.errors import UserError


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

    @property
    def rules(self) -> str:
        """The fields that differ from their defaults: 'flip 0.5, warp 0.8'."""
        changed = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if getattr(self, field.name) != field.default
        }
        return ", ".join(f"{name} {value}" for name, value in changed.items())


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


def policy_named(name: str) -> Policy:
    """Return the policy called `name`.

    Raises:
        UserError: there is no policy of that name.
    """
    if name not in POLICIES:
        known = ", ".join(POLICIES)
        raise UserError(f"augmentation policy: expected one of {known}; found '{name}'")
    return POLICIES[name]
