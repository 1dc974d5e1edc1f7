"""The named augmentation policies, as data: what may happen to a face, how far and how often."""

from __future__ import annotations

from dataclasses import dataclass, fields

from data.errors import UserError


@dataclass(frozen=True)
class Policy:
    """Ranges and probabilities of one policy; the defaults change nothing.

    Attributes:
        mirror: probability of a left-right mirror.
        warp: probability of the one geometric warp that the next four describe.
        rotate: degrees, either way, about the image's centre.
        zoom: smallest and largest scale, log-uniform.
        shift: pixels along x and along y, either way.
        tilt: pixels, along x and along y, that the corners may stray (perspective).
        light: probability of a change of brightness and contrast, gamma, or local contrast (CLAHE).
        grain: probability of Gaussian blur or Gaussian noise.
        hide: probability of a few hidden rectangles (coarse dropout); their keypoints stay.
    """

    mirror: float = 0.0
    warp: float = 0.0
    rotate: float = 0.0
    zoom: tuple[float, float] = (1.0, 1.0)
    shift: float = 0.0
    tilt: float = 0.0
    light: float = 0.0
    grain: float = 0.0
    hide: float = 0.0

    @property
    def rules(self) -> str:
        """What it changes: 'mirror 0.5, warp 0.8'."""
        changed = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if getattr(self, field.name) != field.default
        }
        return ", ".join(f"{name} {value}" for name, value in changed.items())


POLICIES = {
    "none": Policy(),
    "flip": Policy(mirror=0.5),
    "light": Policy(
        mirror=0.5,
        warp=0.8,
        rotate=12.0,
        zoom=(0.88, 1.14),
        shift=5,
        tilt=1.5,
        light=0.5,
        grain=0.15,
        hide=0.1,
    ),
    "standard": Policy(
        mirror=0.5,
        warp=0.9,
        rotate=16.0,
        zoom=(0.86, 1.17),
        shift=6,
        tilt=2.0,
        light=0.8,
        grain=0.25,
        hide=0.2,
    ),
    "strong": Policy(
        mirror=0.5,
        warp=0.9,
        rotate=30.0,
        zoom=(0.5, 1.35),
        shift=12,
        tilt=4.0,
        light=0.8,
        grain=0.4,
        hide=0.3,
    ),
}


def policy_named(name: str) -> Policy:
    """Return the policy of that name; a `UserError` that lists the names if there is none."""
    if name not in POLICIES:
        known = ", ".join(POLICIES)
        raise UserError(f"augmentation policy: expected one of {known}; found '{name}'")
    return POLICIES[name]
