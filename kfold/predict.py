"""`make predict`: draw the keypoints of the faces in photos, and write them as JSON."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from data.system.command import run_command
from data.system.errors import UserError


@dataclass(frozen=True)
class PredictOptions:
    """Find the faces in photos, predict their 15 keypoints, draw them, and write them as JSON."""

    image: tuple[Path, ...] = ()
    """Photos, and folders of photos."""
    run: str | None = None
    """Name of the run whose best entry predicts, of those without joined predictions; the latest by
    default."""
    data: Path | None = None
    """Folder with the competition's files, if they moved since the run was made."""
    out: Path | None = None
    """Folder for the drawings and the JSON; the run's `predicted` by default."""
    whole: bool = False
    """Take each whole image as one face, framed as in the competition."""


def main(options: PredictOptions) -> None:
    """Predict the photos that `options` name.

    Raises:
        UserError: there is no photo or no trained network; or, once all others are done, some
            photos were no image or showed no face.
    """
    from data.system.terminal import open_console
    from kfold.inference.photos import list_photos, name_targets, some_names
    from kfold.runs.open_run import open_named_run
    from kfold.runs.versions import backend

    opened = open_named_run(options.run, options.data)
    backend()  # refuses one that is not installed
    out = options.out or opened.run.folder / "predicted"
    photos = list_photos(options.image, out)
    targets = name_targets(photos, out)
    console = open_console()
    if photos.left_out:
        console.print(f"left out, no image that Pillow reads: {some_names(photos.left_out)}")
    # Slow to import: not before a wrong option is refused.
    from kfold.inference.photo_faces import predict_photos
    from kfold.inference.predictor import Predictor
    from kfold.leaderboard.leaderboard import make_leaderboard

    leaderboard = make_leaderboard([opened])
    predictor = Predictor.of_best(leaderboard)
    console.print(
        f"{opened.run.folder}: {predictor.line.entry.name!r} predicts, {predictor.size} networks"
    )
    if predictor.line is not leaderboard.best:
        names = ", ".join(map(repr, leaderboard.joined_members(leaderboard.best)))
        console.print(
            f"{leaderboard.best.entry.name!r} is better, but uses {names}: joined predictions have "
            "no network here."
        )
    failed = 0
    for photo, outcome in predict_photos(targets, predictor, options.whole):
        if isinstance(outcome, UserError):
            print(outcome, file=sys.stderr)
            failed += 1
        else:
            faces = f"{outcome} face{'s' * (outcome > 1)}"
            console.print(f"{photo}: {faces}, {targets[photo]}.png and .json")
    if failed:
        raise UserError(f"{failed} of {len(targets)} photos failed, see above.")


if __name__ == "__main__":
    run_command(main, PredictOptions)
