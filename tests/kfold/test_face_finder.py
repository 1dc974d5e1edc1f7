from pathlib import Path

import cv2
import numpy as np
import sklearn.datasets
from hypothesis import given, settings
from hypothesis import strategies as st

from data.demo_faces import demo_faces
from kfold.face_finder import Square, find_faces, frame, whole

FACES, _ = demo_faces(10, np.random.SeedSequence(77), (0.0, 0.0))


def paste(canvas, face, left, top, size):
    """The face's image on the canvas; returns where its keypoints then are."""
    enlarged = cv2.resize(FACES.images[face], (size, size), interpolation=cv2.INTER_CUBIC)
    canvas[top : top + size, left : left + size] = enlarged
    return Square(left, top, size).to_photo(FACES.keypoints[face])


@settings(max_examples=40)
@given(st.integers(-60, 200), st.integers(-60, 200), st.integers(40, 400))
def test_a_dot_is_cut_to_where_it_is_mapped_back_from(left, top, size):
    square = Square(left, top, size)
    y, x = np.mgrid[:500, :500]
    place = np.array([left + 0.6 * size, top + 0.4 * size])
    sigma = size / 12
    photo = 255 * np.exp(-((x - place[0]) ** 2 + (y - place[1]) ** 2) / (2 * sigma**2))
    if (place < 4 * sigma).any() or (place > 499 - 4 * sigma).any():
        return
    cut = square.cut(photo.astype(np.uint8)).astype(float)
    y, x = np.mgrid[:96, :96]
    seen = np.array([(x * cut).sum(), (y * cut).sum()]) / cut.sum()
    np.testing.assert_allclose(square.to_photo(seen), place, atol=0.05 * size / 96 + 0.05)


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(96, 960))
def test_a_face_is_framed_as_usual(left, top, size):
    usual = FACES.keypoints[0]
    assert frame(Square(left, top, size).to_photo(usual), usual) == Square(left, top, size)


def test_faces_are_found_where_they_were_pasted():
    canvas = np.full((700, 1100), 110, np.uint8)
    truth = [paste(canvas, 0, 60, 80, 240), paste(canvas, 1, 650, 200, 384)]
    found = find_faces(canvas)
    assert len(found) == 2
    for square, keypoints in zip(found, truth, strict=True):
        inside = (keypoints - (square.left, square.top)) / square.size
        assert (inside > 0.02).all()
        assert (inside < 0.98).all()
        assert np.abs(inside.mean(axis=0) - (0.5, 0.53)).max() < 0.12


def test_a_large_photo_gives_the_same_place():
    canvas = np.full((1000, 2000), 110, np.uint8)
    paste(canvas, 0, 300, 200, 500)
    (small,) = find_faces(canvas)
    (large,) = find_faces(cv2.resize(canvas, None, None, 2, 2))
    np.testing.assert_allclose(
        [large.left, large.top, large.size],
        2 * np.array([small.left, small.top, small.size]),
        atol=60,
    )


def test_there_is_no_face_in_a_landscape():
    folder = Path(sklearn.datasets.__file__).parent / "images"
    assert find_faces(cv2.imread(str(folder / "china.jpg"), cv2.IMREAD_GRAYSCALE)) == []


def test_the_whole_of_an_oblong_image():
    assert whole(np.zeros((96, 96), np.uint8)) == Square(0, 0, 96)
    square = whole(np.zeros((60, 100), np.uint8))
    assert (square.left, square.top, square.size) == (0, -20, 100)
