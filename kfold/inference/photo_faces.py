"""Predict the faces of one photo, draw them, and write them as JSON."""

from __future__ import annotations

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
from kfold.inference.photos import read_photo
from kfold.inference.predictor import Predictor


def predict_photo(photo: Path, target: Path, predictor: Predictor, whole: bool) -> int:
    """Write `target`.png and `target`.json of a photo and return its number of faces.

    Args:
        photo: the image file.
        target: path of the drawing and the JSON, without suffix.
        predictor: networks of a run.
        whole: take the whole image as one face.

    Raises:
        UserError: the file is not an image, or no face is found in it.
    """
    image = read_photo(photo)
    faces = locate_faces(np.asarray(image.convert("L")), predictor, whole)
    if not faces:
        raise UserError(
            f"{photo}: expected a face, found none that is upright, looks into the camera and is "
            "neither tiny nor hidden. If the whole image is one face, pass WHOLE=1."
        )
    drawing = draw_faces(np.asarray(image.convert("RGB")), faces)
    with replacing(target.with_name(f"{target.name}.png")) as path:
        drawing.save(path)
    record = {
        "photo": str(photo),
        "width": image.width,
        "height": image.height,
        "run": predictor.opened.run.name,
        "entry": predictor.line.entry.name,
        "faces": [_record(face) for face in faces],
    }
    write_json(target.with_name(f"{target.name}.json"), record)
    return len(faces)


def _record(face: PhotoFace) -> dict[str, object]:
    """A face as JSON, keypoints in pixels of the photo."""
    crop, keypoints = face.crop, face.keypoints.round(2).tolist()
    return {
        "left": crop.left,
        "top": crop.top,
        "size": crop.size,
        "keypoints": dict(zip(KEYPOINTS, keypoints, strict=True)),
    }


def locate_faces(gray: np.ndarray, predictor: Predictor, whole: bool) -> list[PhotoFace]:
    """Predict the keypoints of every face of a photo, uint8 (h, w).

    A 96x96 image is taken as one of the competition's and not cropped. In other photos, faces are
    detected and predicted, then cropped again around the predicted keypoints and predicted a second
    time, because a detected box is uncertain in size and position.

    Args:
        gray: the photo.
        predictor: networks of a run.
        whole: take the whole photo as one face.
    """

    def predict(crops: list[FaceCrop]) -> list[PhotoFace]:
        found = predictor(np.stack([crop.extract(gray) for crop in crops]))
        return [
            PhotoFace(crop, crop.to_photo(keypoints))
            for crop, keypoints in zip(crops, found, strict=True)
        ]

    if whole or gray.shape == (IMAGE_SIZE, IMAGE_SIZE):
        return predict([whole_photo_crop(gray)])
    detected = detect_faces(gray)
    if not detected:
        return []
    mean_face = predictor.mean_face
    return predict([aligned_crop(face.keypoints, mean_face) for face in predict(detected)])
