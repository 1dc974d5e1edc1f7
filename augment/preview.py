"""A contact sheet of augmentation policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from augment.policies import Policy
from data.competition import ANNOTATORS, IMAGE_SIZE, KEYPOINTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from data.faces import Faces

SAMPLES = 5
"""Of each face by a policy that may change it in more than two ways."""

PITCH = IMAGE_SIZE + 4
"""Pixels from one face to the next."""
GAP = 12
"""Further pixels between policies."""

COLOURS = {"left": "#35a7ff", "right": "#ff9f1c", "middle": "#7ae582"}
"""Colour by the subject's own side; a flip that does not swap left and right would show."""


def choose_faces(train: Faces, count: int, seed: int) -> Faces:
    """Choose up to `count` faces at random, half from each annotator if there are enough."""
    import numpy as np

    shuffled = np.random.default_rng(seed).permutation(len(train))
    turns = np.empty(len(train), int)
    for annotator in ANNOTATORS:
        own = train.annotator[shuffled] == annotator
        turns[own] = np.arange(own.sum())
    chosen = shuffled[np.argsort(turns, kind="stable")][:count]
    return train[chosen[np.argsort(train.annotator[chosen], kind="stable")]]


def draw_sheet(faces: Faces, policies: Mapping[str, Policy], seed: int) -> Figure:
    """Draw a row for each face and a group of columns for each policy.

    Args:
        faces: the faces.
        policies: by name.
        seed: of the augmentation.
    """
    from matplotlib.figure import Figure

    samples = {name: _samples(policy) for name, policy in policies.items()}
    width = PITCH * sum(samples.values()) + GAP * (len(samples) + 1)
    height = PITCH * len(faces) + 6 * GAP
    sheet = Figure(figsize=(width / 100, height / 100), dpi=200, facecolor="white")
    axes = sheet.add_axes(
        (0, 0, 1, 1), xlim=(-2 * GAP, width - 2 * GAP), ylim=(height - 3 * GAP, -3 * GAP)
    )
    axes.set_axis_off()
    left = 0
    for name, count in samples.items():
        _draw_title(axes, name, policies[name], left)
        for sample in range(count):
            _draw_column(axes, faces, policies[name], (seed, sample), left)
            left += PITCH
        left += GAP
    for row, annotator in enumerate(faces.annotator):
        y = row * PITCH + IMAGE_SIZE / 2
        axes.text(-GAP, y, f"annotator {annotator}", size=6, rotation=90, ha="center", va="center")
    _draw_legend(axes, PITCH * len(faces) + GAP)
    return sheet


def _samples(policy: Policy) -> int:
    """Samples of each face: as many as may differ, up to `SAMPLES`."""
    if replace(policy, flip=0.0) == Policy():
        return 2 if policy.flip else 1
    return SAMPLES


def _draw_title(axes: Axes, name: str, policy: Policy, left: float) -> None:
    axes.text(left, -2 * GAP, name, size=9, weight="bold", va="center")
    axes.text(left, -GAP, policy.rules, size=5, color="#555555", va="center")


def _draw_column(
    axes: Axes, faces: Faces, policy: Policy, seed: tuple[int, int], left: float
) -> None:
    import numpy as np

    from augment.pipeline import augment_faces

    images, keypoints, _ = augment_faces(
        faces.images, faces.keypoints, policy, np.random.SeedSequence(seed)
    )
    colours = [colour_of(name) for name in KEYPOINTS]
    for row, (image, points) in enumerate(zip(images, keypoints, strict=True)):
        top = row * PITCH
        # The extent puts the centre of the top-left pixel on (left, top).
        extent = (left - 0.5, left + IMAGE_SIZE - 0.5, top + IMAGE_SIZE - 0.5, top - 0.5)
        axes.imshow(image, cmap="gray", vmin=0, vmax=255, extent=extent, aspect="auto")
        x, y = points.T
        axes.scatter(left + x, top + y, s=5, c=colours, edgecolors="black", linewidths=0.3)


def colour_of(keypoint: str) -> str:
    """Colour of a keypoint's side, as #rrggbb."""
    words = keypoint.split("_")
    return next((colour for side, colour in COLOURS.items() if side in words), COLOURS["middle"])


def _draw_legend(axes: Axes, y: float) -> None:
    axes.text(0, y, "The subject's own", size=6, va="center")
    for i, (side, colour) in enumerate(COLOURS.items(), start=2):
        x = i * PITCH / 2
        axes.scatter(x, y, s=8, c=colour, edgecolors="black", linewidths=0.3)
        axes.text(x + 5, y, side, size=6, va="center")
