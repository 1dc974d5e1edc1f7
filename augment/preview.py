"""A contact sheet of every augmentation policy: `make preview`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from augment.policies import POLICIES
from data.competition import ANNOTATORS, IMAGE_SIZE, KEYPOINTS
from data.errors import UserError, run_command

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from data.faces import Faces

COLUMNS = {"none": 1, "flip": 2}
"""Samples of each face by policy; any other policy has `MORE`."""
MORE = 5

PITCH = IMAGE_SIZE + 4
"""Pixels from one face to the next."""
GAP = 12
"""More pixels between policies."""

COLOURS = {"left": "#35a7ff", "right": "#ff9f1c", "middle": "#7ae582"}
"""By the subject's own side of a keypoint: a mirror that forgot to swap names would show."""


@dataclass(frozen=True)
class Preview:
    """Draw a contact sheet of every augmentation policy.

    Attributes:
        data: folder with the competition's four files, zipped or not.
        out: the PNG to write.
        faces: rows of the sheet, half of them from each annotator.
        seed: chooses the faces and the augmentation.
    """

    data: Path = Path("data/raw")
    out: Path = Path("runs/preview.png")
    faces: int = 6
    seed: int = 0


def main(config: Preview) -> None:
    """Write the sheet and print where it is.

    Raises:
        UserError: `out` is no PNG, there are no faces to draw, or the data cannot be read.
    """
    if config.out.suffix.lower() != ".png":
        raise UserError(f"--out: expected a name that ends in .png; found '{config.out}'")
    if config.faces < 1:
        raise UserError(f"--faces: expected 1 or more; found {config.faces}")
    from data.atomic import replacing
    from data.reader import read_competition

    faces = choose_faces(read_competition(config.data).train, config.faces, config.seed)
    sheet = draw_sheet(faces, config.seed)
    with replacing(config.out) as path:
        sheet.savefig(path)
    print(f"{config.out}: {len(faces)} faces under {', '.join(POLICIES)}")


def choose_faces(train: Faces, count: int, seed: int) -> Faces:
    """Choose up to `count` faces at random, the two annotators in turn as far as they go."""
    import numpy as np

    shuffled = np.random.default_rng(seed).permutation(len(train))
    turns = np.empty(len(train), int)
    for annotator in ANNOTATORS:
        mine = train.annotator[shuffled] == annotator
        turns[mine] = np.arange(mine.sum())
    chosen = shuffled[np.argsort(turns, kind="stable")][:count]
    return train[chosen[np.argsort(train.annotator[chosen], kind="stable")]]


def draw_sheet(faces: Faces, seed: int) -> Figure:
    """Draw a row for each face and a group of columns for each policy."""
    from matplotlib.figure import Figure

    widths = {name: COLUMNS.get(name, MORE) for name in POLICIES}
    width = PITCH * sum(widths.values()) + GAP * (len(widths) + 1)
    height = PITCH * len(faces) + 6 * GAP
    sheet = Figure(figsize=(width / 100, height / 100), dpi=200, facecolor="white")
    axes = sheet.add_axes(
        (0, 0, 1, 1), xlim=(-2 * GAP, width - 2 * GAP), ylim=(height - 3 * GAP, -3 * GAP)
    )
    axes.set_axis_off()
    left = 0
    for name, samples in widths.items():
        _draw_title(axes, name, left)
        for sample in range(samples):
            _draw_column(axes, faces, name, (seed, sample), left)
            left += PITCH
        left += GAP
    for row, annotator in enumerate(faces.annotator):
        y = row * PITCH + IMAGE_SIZE / 2
        axes.text(-GAP, y, f"annotator {annotator}", size=6, rotation=90, ha="center", va="center")
    _draw_legend(axes, PITCH * len(faces) + GAP)
    return sheet


def _draw_title(axes: Axes, name: str, left: float) -> None:
    axes.text(left, -2 * GAP, name, size=9, weight="bold", va="center")
    axes.text(left, -GAP, POLICIES[name].rules, size=5, color="#555555", va="center")


def _draw_column(axes: Axes, faces: Faces, policy: str, seed: tuple[int, int], left: float) -> None:
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
    """The colour of the side that a keypoint is on, as #rrggbb."""
    words = keypoint.split("_")
    return next((colour for side, colour in COLOURS.items() if side in words), COLOURS["middle"])


def _draw_legend(axes: Axes, y: float) -> None:
    axes.text(0, y, "The subject's own", size=6, va="center")
    for i, (side, colour) in enumerate(COLOURS.items(), start=2):
        x = i * PITCH / 2
        axes.scatter(x, y, s=8, c=colour, edgecolors="black", linewidths=0.3)
        axes.text(x + 5, y, side, size=6, va="center")


if __name__ == "__main__":
    run_command(main, Preview)
