import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from augment.rendered_dots import locate, textures, with_dots
from data.competition import IMAGE_SIZE

PLACE = st.tuples(st.floats(24, 72), st.floats(24, 72)).map(np.array)
SHAPE = (IMAGE_SIZE, IMAGE_SIZE)


def changes(place, after, seed=0):
    """What two dots at `place` change on each of two textures that are processed by `after`."""
    found = []
    for texture in textures(seed):
        plain = after(texture).astype(np.float32)
        found += [after(image) - plain for image in with_dots(texture, place)]
    return np.stack(found)


@given(PLACE, st.integers(0, 100))
def test_a_dot_is_found(place, seed):
    np.testing.assert_allclose(locate(changes(place, np.array, seed)), place, atol=0.01)


@given(PLACE, st.floats(0.5, 1.8), st.floats(0.5, 1.8), st.floats(-180, 180))
def test_a_dot_is_found_after_any_affine_map(place, wide, high, degrees):
    centre = np.array([47.5, 47.5])
    turn = cv2.getRotationMatrix2D((0, 0), degrees, 1)[:, :2] @ np.diag([wide, high])
    matrix = np.column_stack([turn, centre - turn @ centre])
    expected = turn @ place + matrix[:, 2]
    found = locate(changes(place, lambda image: cv2.warpAffine(image, matrix, SHAPE)))
    if ((expected > 4) & (expected < IMAGE_SIZE - 5)).all():
        np.testing.assert_allclose(found, expected, atol=0.1)


@given(PLACE, st.floats(0.3, 3), st.floats(0.4, 2.2))
def test_brightness_and_contrast_move_no_dot(place, contrast, gamma):
    def after(image):
        return np.clip(255 * (image / 255 * contrast) ** gamma, 0, 255).astype(np.uint8)

    found = locate(changes(place, after))
    if found is not None:  # all white
        np.testing.assert_allclose(found, place, atol=0.25)


@given(PLACE, st.integers(1, 4), st.integers(0, 3))
def test_an_erased_side_does_not_move_the_dot(place, distance, side):
    """The dot's edge is 1 to 4 px from its centre."""

    def after(image):
        turned = np.rot90(image, side).copy()
        x, y = np.round(place).astype(int)
        row = [y, IMAGE_SIZE - 1 - x, IMAGE_SIZE - 1 - y, x][side]
        turned[row + distance :] = 0
        return np.rot90(turned, -side)

    np.testing.assert_allclose(locate(changes(place, after)), place, atol=0.1)


def test_a_hidden_dot_is_not_found():
    place = np.array([40.0, 50.0])
    assert locate(changes(place, np.zeros_like)) is None
    assert locate(changes(np.array([-20.0, 50.0]), np.array)) is None

    def without_centre(image):
        return cv2.circle(image.copy(), (40, 50), 1, 0, -1)

    assert locate(changes(place, without_centre)) is None
