"""A contact sheet of every augmentation policy: `make preview`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from augment.policies import POLICIES
from data.competition import ANNOTATORS, IMAGE_SIZE, KEYPOINTS
from data.system.command import run_command
from data.system.errors import UserError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from data.faces import Faces

SAMPLES = {"none": 1, "flip": 2}
"""Samples of each face by policy; every other policy has `MANY_SAMPLES`."""
MANY_SAMPLES = 5

PITCH = IMAGE_SIZE + 4
"""Pixels from one face to the next."""
GAP = 12
"""Further pixels between policies."""

COLOURS = {"left": "#35a7ff", "right": "#ff9f1c", "middle": "#7ae582"}
"""Colour by the subject's own side; a flip that does not swap left and right would show."""


@dataclass(frozen=True)
class PreviewOptions:
    """Draw a contact sheet of every augmentation policy."""

    data: Path = Path("data/raw")
    """Folder with the competition's four files, zipped or not."""
    out: Path = Path("runs/preview.png")
    """PNG file to write."""
    faces: int = 6
    """Rows of the sheet, half of them from each annotator."""
    seed: int = 0
    """Seed of the choice of faces and of the augmentation."""


def main(options: PreviewOptions) -> None:
    """Write the sheet and print its path.

    Raises:
        UserError: `out` is not a PNG file, `faces` is below 1, or the data cannot be read.
    """
    if options.out.suffix.lower() != ".png":
        raise UserError(f"--out: expected a name that ends in .png; found '{options.out}'")
    if options.faces < 1:
        raise UserError(f"--faces: expected 1 or more; found {options.faces}")
    from data.reader import read_competition
    from data.system.atomic import replacing

    faces = choose_faces(read_competition(options.data).train, options.faces, options.seed)
    sheet = draw_sheet(faces, options.seed)
    with replacing(options.out) as path:
        sheet.savefig(path)
    print(f"{options.out}: {len(faces)} faces under {', '.join(POLICIES)}")


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


def draw_sheet(faces: Faces, seed: int) -> Figure:
    """Draw a row for each face and a group of columns for each policy."""
    from matplotlib.figure import Figure

    samples = {name: SAMPLES.get(name, MANY_SAMPLES) for name in POLICIES}
    width = PITCH * sum(samples.values()) + GAP * (len(samples) + 1)
    height = PITCH * len(faces) + 6 * GAP
    sheet = Figure(figsize=(width / 100, height / 100), dpi=200, facecolor="white")
    axes = sheet.add_axes(
        (0, 0, 1, 1), xlim=(-2 * GAP, width - 2 * GAP), ylim=(height - 3 * GAP, -3 * GAP)
    )
    axes.set_axis_off()
    left = 0
    for name, count in samples.items():
        _draw_title(axes, name, left)
        for sample in range(count):
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
    """Colour of a keypoint's side, as #rrggbb."""
    words = keypoint.split("_")
    return next((colour for side, colour in COLOURS.items() if side in words), COLOURS["middle"])


def _draw_legend(axes: Axes, y: float) -> None:
    axes.text(0, y, "The subject's own", size=6, va="center")
    for i, (side, colour) in enumerate(COLOURS.items(), start=2):
        x = i * PITCH / 2
        axes.scatter(x, y, s=8, c=colour, edgecolors="black", linewidths=0.3)
        axes.text(x + 5, y, side, size=6, va="center")


if __name__ == "__main__":
    run_command(main, PreviewOptions)
