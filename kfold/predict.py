"""`make predict`: the keypoints of the faces in photos, drawn and as JSON."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data.competition import IMAGE_SIZE, KEYPOINTS
from data.errors import UserError, run_command

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

    from kfold.face_finder import Square
    from kfold.predictor import Predictor

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm")
"""What is taken from a folder; a file that is named may have any."""


@dataclass(frozen=True)
class Options:
    """Find the faces in photos, predict their 15 keypoints, draw them, and write them as JSON."""

    image: tuple[Path, ...] = ()
    """Photos, and folders whose photos are meant."""
    run: str | None = None
    """Name of the run whose best line predicts; the latest by default."""
    data: Path | None = None
    """Where the competition's files are now, if they moved since the run was made."""
    out: Path | None = None
    """Folder for the drawings and the JSON; the run's `predicted` by default."""
    whole: bool = False
    """Take each whole image as one face, framed as in the competition."""


def main(options: Options) -> None:
    """Predict the photos that `options` name, one after the other.

    Raises:
        UserError: there is nothing to predict or to predict with; or, when all others are done,
            photos that are no image or show no face.
    """
    from data.terminal import open_console
    from kfold.run import open_finished

    photos = list_photos(options.image)
    run, data, folds = open_finished(options.run, options.data)
    out = options.out or run.folder / "predicted"
    targets = name_targets(photos, out)
    from kfold.leaderboard import make_leaderboard  # slow to import: not before a wrong name
    from kfold.predictor import Predictor

    predictor = Predictor.load(run, data, make_leaderboard(run, data, folds))
    console = open_console()
    console.print(
        f"{run.folder}: {predictor.line.entry.name!r} predicts, {predictor.size} networks"
    )
    failed = 0
    for photo, target in zip(photos, targets, strict=True):
        try:
            faces = predict_photo(photo, target, predictor, options.whole)
            console.print(f"{photo}: {faces} face{'s' * (faces > 1)}, {target}.png and .json")
        except UserError as error:
            print(error, file=sys.stderr)
            failed += 1
    if failed:
        raise UserError(f"{failed} of {len(photos)} photos failed, see above.")


def list_photos(named: Sequence[Path]) -> list[Path]:
    """The files that are named, and the images in the folders that are, sorted.

    Raises:
        UserError: nothing is named, or it does not exist, or a folder has no image.
    """
    if not named:
        raise UserError('IMAGE: expected a photo or a folder, found none. Pass IMAGE="a.jpg b".')
    photos = []
    for path in named:
        if not path.exists():
            raise UserError(f"{path}: expected a photo or a folder, found no such file.")
        inside = sorted(p for p in path.glob("*") if p.suffix.lower() in SUFFIXES)
        if path.is_dir() and not inside:
            raise UserError(f"{path}: expected photos ({', '.join(SUFFIXES)}), found none.")
        photos += inside if path.is_dir() else [path]
    return list(dict.fromkeys(photos))


def name_targets(photos: Sequence[Path], out: Path) -> list[Path]:
    """Where each photo's drawing and JSON go, without their suffix.

    Raises:
        UserError: two photos would go to the same place, or a drawing would replace a photo.
    """
    taken: dict[Path, Path] = {}
    originals = {photo.resolve() for photo in photos}
    for photo in photos:
        target = out / photo.stem
        if target in taken:
            raise UserError(
                f"{photo}: {target}.png is {taken[target]}'s already. "
                "Predict them one after the other, each with an OUT=<folder> of its own."
            )
        if target.with_name(f"{target.name}.png").resolve() in originals:
            raise UserError(f"{photo}: the drawing would replace a photo. Pass another OUT=.")
        taken[target] = photo
    return list(taken)


def predict_photo(photo: Path, target: Path, predictor: Predictor, whole: bool) -> int:
    """Write `target`.png and `target`.json of a photo and return how many faces it shows.

    Raises:
        UserError: it is no image, or no face is found in it.
    """
    import numpy as np

    from data.atomic import replacing, write_json
    from kfold.drawing import draw_faces

    image = read_photo(photo)
    found = locate(np.asarray(image.convert("L")), predictor, whole)
    if not found:
        raise UserError(
            f"{photo}: expected a face, found none that is upright, looks into the camera and is "
            "neither tiny nor hidden. If the whole image is one face, pass WHOLE=1."
        )
    drawn = draw_faces(np.asarray(image.convert("RGB")), found)
    with replacing(target.with_name(f"{target.name}.png")) as path:
        drawn.save(path)
    faces = [
        {
            "left": square.left,
            "top": square.top,
            "size": square.size,
            "keypoints": dict(zip(KEYPOINTS, keypoints.round(2).tolist(), strict=True)),
        }
        for square, keypoints in found
    ]
    record = {"photo": str(photo), "width": image.width, "height": image.height}
    record |= {"run": predictor.run.folder.name, "line": predictor.line.entry.name}
    write_json(target.with_name(f"{target.name}.json"), record | {"faces": faces})
    return len(found)


def read_photo(photo: Path) -> Image:
    """A photo as it is meant to be looked at: turned as its EXIF data say.

    Raises:
        UserError: it is no image that can be read.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(photo) as image:
            return ImageOps.exif_transpose(_eight_bits(image))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or "another or a damaged file"
        raise UserError(f"{photo}: expected an image, found: {reason}.") from None


def _eight_bits(image: Image) -> Image:
    """A photo whose gray values have 16 bits or more with 8, which Pillow would clip, not scale."""
    import numpy as np
    from PIL import Image

    if image.mode not in ("I;16", "I;16B", "I;16L", "I", "F"):
        return image
    values = np.asarray(image, np.float64)
    largest = max(values.max(), 1) if image.mode == "F" else 2**16 - 1
    scaled = Image.fromarray((values / largest * 255).clip(0, 255).astype(np.uint8))
    scaled.info = image.info
    return scaled


def locate(gray: np.ndarray, predictor: Predictor, whole: bool) -> list[tuple[Square, np.ndarray]]:
    """Every face of a photo, uint8 (h, w): the square it was seen in and its keypoints (15, 2).

    An image of the competition's size is one of its faces, and taken as it is. The faces of others
    are looked at twice, the second time framed by what was seen the first time: a detector's box
    is less sure of its size and place.
    """
    import numpy as np

    from kfold.face_finder import find_faces, frame
    from kfold.face_finder import whole as whole_square

    def see(squares: list[Square]) -> list[np.ndarray]:
        seen = predictor(np.stack([square.cut(gray) for square in squares]))
        return [square.to_photo(face) for square, face in zip(squares, seen, strict=True)]

    if whole or gray.shape == (IMAGE_SIZE, IMAGE_SIZE):
        squares = [whole_square(gray)]
    elif squares := find_faces(gray):
        squares = [frame(keypoints, predictor.usual) for keypoints in see(squares)]
    return list(zip(squares, see(squares), strict=True)) if squares else []


if __name__ == "__main__":
    run_command(main, Options)
