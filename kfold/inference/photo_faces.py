"""Predict the faces of photos, draw them, and write them as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.competition import IMAGE_SIZE, KEYPOINTS
from data.system.atomic import replacing, write_json
from data.system.errors import UserError
from kfold.inference.drawing import draw_faces
from kfold.inference.face_crop import (
    FaceCrop,
    PhotoFace,
    aligned_crop,
    detect_faces,
    whole_photo_crop,
)
from kfold.inference.photo_file import naming_damage, read_photo
from kfold.inference.photos import with_suffix
from kfold.inference.predictor import Predictor

PHOTOS_AT_A_TIME = 64
"""Photos whose faces are predicted together: more are hardly faster, and lost if interrupted."""


@dataclass(frozen=True)
class Look:
    """A face of a photo as the networks see it.

    Attributes:
        photo: the image file.
        crop: where it is in the photo.
        image: uint8 (96, 96).
    """

    photo: Path
    crop: FaceCrop
    image: np.ndarray


def predict_photos(
    targets: Mapping[Path, Path], predictor: Predictor, whole: bool
) -> Iterator[tuple[Path, int | UserError]]:
    """Write `target`.png and `target`.json of each photo.

    A 96x96 image is taken as one of the competition's and not cropped. In other photos, faces are
    detected, cropped around keypoints that one network predicts, and predicted by all networks.

    Args:
        targets: by image file, the path of its drawing and JSON, without suffix.
        predictor: of a run.
        whole: take each whole image as one face.

    Yields:
        Each photo with its number of faces, or with the reason why it has no prediction.
    """
    photos = list(targets)
    for start in range(0, len(photos), PHOTOS_AT_A_TIME):
        looks: list[Look] = []
        outcomes: dict[Path, int | UserError] = {}
        for photo in photos[start : start + PHOTOS_AT_A_TIME]:
            try:
                found = _find_faces(photo, predictor, whole)
                looks, outcomes[photo] = looks + found, len(found)
            except UserError as error:
                outcomes[photo] = error
        for photo, faces in _predict(looks, predictor).items():
            try:
                _write(photo, targets[photo], faces, predictor)
            except UserError as error:  # it was changed meanwhile
                outcomes[photo] = error
        yield from outcomes.items()


def _find_faces(photo: Path, predictor: Predictor, whole: bool) -> list[Look]:
    """The faces of a photo, framed as the competition's images.

    Raises:
        UserError: the file is not an image, or no face is found in it.
    """
    gray = read_photo(photo).gray
    if whole or gray.shape == (IMAGE_SIZE, IMAGE_SIZE):
        crops = [whole_photo_crop(gray)]
    else:
        with naming_damage(photo):
            detected = detect_faces(gray)
        if not detected:
            raise UserError(
                f"{photo}: expected a face, found none that is upright, looks into the camera and "
                "is neither tiny nor hidden. If the whole image is one face, pass WHOLE=1."
            )
        crops = _aligned(detected, gray, predictor)
    return [Look(photo, crop, crop.extract(gray)) for crop in crops]


def _aligned(crops: list[FaceCrop], gray: np.ndarray, predictor: Predictor) -> list[FaceCrop]:
    """Crop again around keypoints: a detected box is uncertain in size and position."""
    roughly = predictor.predict_roughly(np.stack([crop.extract(gray) for crop in crops]))
    return [
        aligned_crop(crop.to_photo(keypoints), predictor.mean_face)
        for crop, keypoints in zip(crops, roughly, strict=True)
    ]


def _predict(looks: Sequence[Look], predictor: Predictor) -> dict[Path, list[PhotoFace]]:
    """The faces of each photo."""
    faces: dict[Path, list[PhotoFace]] = {}
    if looks:
        found = predictor(np.stack([look.image for look in looks]))
        for look, keypoints in zip(looks, found, strict=True):
            face = PhotoFace(look.crop, look.crop.to_photo(keypoints))
            faces.setdefault(look.photo, []).append(face)
    return faces


def _write(photo: Path, target: Path, faces: Sequence[PhotoFace], predictor: Predictor) -> None:
    """Write the drawing and the JSON of a photo."""
    read = read_photo(photo)
    drawing = draw_faces(np.asarray(read.image), faces)
    with replacing(with_suffix(target, ".png")) as path:
        drawing.save(path)
    record = {
        "photo": str(photo),
        "width": read.width,
        "height": read.height,
        "run": predictor.opened.run.name,
        "entry": predictor.line.entry.name,
        "faces": [_record(face, read.scale) for face in faces],
    }
    write_json(with_suffix(target, ".json"), record)


def _record(face: PhotoFace, scale: float) -> dict[str, object]:
    """A face as JSON, in pixels of the photo, which has `scale` times those of its image."""
    crop, keypoints = face.crop, (face.keypoints + 0.5) * scale - 0.5
    return {
        "left": round(crop.left * scale),
        "top": round(crop.top * scale),
        "size": round(crop.size * scale),
        "keypoints": dict(zip(KEYPOINTS, keypoints.round(2).tolist(), strict=True)),
    }
