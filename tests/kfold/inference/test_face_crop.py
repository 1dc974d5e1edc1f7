from pathlib import Path

import cv2
import numpy as np
import sklearn.datasets
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from data.rendering.demo_faces import demo_faces
from kfold.inference.face_crop import FaceCrop, aligned_crop, detect_faces, whole_photo_crop

FACES, _ = demo_faces(10, np.random.SeedSequence(77), (0.0, 0.0))


def paste(canvas, face, left, top, size):
    """Draw a face's image on the canvas and return its keypoints there."""
    enlarged = cv2.resize(FACES.images[face], (size, size), interpolation=cv2.INTER_CUBIC)
    canvas[top : top + size, left : left + size] = enlarged
    return FaceCrop(left, top, size).to_photo(FACES.keypoints[face])


@settings(max_examples=40)
@given(st.integers(-60, 200), st.integers(-60, 200), st.integers(40, 400))
def test_a_dot_in_a_crop_is_mapped_back_to_its_position(left, top, size):
    crop = FaceCrop(left, top, size)
    y, x = np.mgrid[:500, :500]
    position = np.array([left + 0.6 * size, top + 0.4 * size])
    sigma = size / 12
    assume((position > 4 * sigma).all() and (position < 499 - 4 * sigma).all())
    photo = 255 * np.exp(-((x - position[0]) ** 2 + (y - position[1]) ** 2) / (2 * sigma**2))
    image = crop.extract(photo.astype(np.uint8)).astype(float)
    y, x = np.mgrid[:96, :96]
    centre = np.array([(x * image).sum(), (y * image).sum()]) / image.sum()
    np.testing.assert_allclose(crop.to_photo(centre), position, atol=0.05 * size / 96 + 0.05)


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(96, 960))
def test_a_crop_aligns_a_face_with_the_mean_face(left, top, size):
    mean_face = FACES.keypoints[0]
    crop = FaceCrop(left, top, size)
    assert aligned_crop(crop.to_photo(mean_face), mean_face) == crop


def test_faces_are_detected_where_they_were_pasted():
    canvas = np.full((700, 1100), 110, np.uint8)
    truth = [paste(canvas, 0, 60, 80, 240), paste(canvas, 1, 650, 200, 384)]
    found = detect_faces(canvas)
    assert len(found) == 2
    for crop, keypoints in zip(found, truth, strict=True):
        inside = (keypoints - (crop.left, crop.top)) / crop.size
        assert (inside > 0.02).all()
        assert (inside < 0.98).all()
        assert np.abs(inside.mean(axis=0) - (0.5, 0.53)).max() < 0.12


def test_a_face_of_an_enlarged_photo_is_detected_at_the_same_position():
    canvas = np.full((1000, 2000), 110, np.uint8)
    paste(canvas, 0, 300, 200, 500)
    (small,) = detect_faces(canvas)
    (large,) = detect_faces(cv2.resize(canvas, None, None, 2, 2))
    np.testing.assert_allclose(
        [large.left, large.top, large.size],
        2 * np.array([small.left, small.top, small.size]),
        atol=60,
    )


def test_a_landscape_has_no_face():
    folder = Path(sklearn.datasets.__file__).parent / "images"
    assert detect_faces(cv2.imread(str(folder / "china.jpg"), cv2.IMREAD_GRAYSCALE)) == []


def test_the_crop_of_a_whole_photo():
    assert whole_photo_crop(np.zeros((96, 96), np.uint8)) == FaceCrop(0, 0, 96)
    assert whole_photo_crop(np.zeros((60, 100), np.uint8)) == FaceCrop(0, -20, 100)
