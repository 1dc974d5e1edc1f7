import albumentations as A
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from augment.flip import KeypointFlip
from data.competition import IMAGE_SIZE, KEYPOINTS, MIRROR

PIXELS = st.floats(-1, IMAGE_SIZE, width=32)
COORDINATES = arrays(np.float32, (len(KEYPOINTS), 2), elements=PIXELS | st.just(float("nan")))
PARAMS = A.KeypointParams("xy", remove_invisible=False)
IMAGE = np.arange(IMAGE_SIZE**2, dtype=np.uint32).astype(np.uint8).reshape(IMAGE_SIZE, IMAGE_SIZE)


def flip(keypoints, image=IMAGE, mirrored=False):
    face = A.Compose([KeypointFlip(p=1)], keypoint_params=PARAMS)(
        image=image, keypoints=keypoints, mirrored=mirrored
    )
    return face["image"], face["keypoints"], face["mirrored"]


@settings(max_examples=50)
@given(COORDINATES)
def test_twice_is_the_identity(keypoints):
    image, once, mirrored = flip(keypoints)
    assert mirrored is True
    image, twice, mirrored = flip(once, image, mirrored)
    assert mirrored is False
    np.testing.assert_array_equal(image, IMAGE)
    np.testing.assert_allclose(twice, keypoints, atol=1e-4)


@settings(max_examples=50)
@given(COORDINATES)
def test_x_becomes_95_minus_x(keypoints):
    _, found, _ = flip(keypoints)
    expected = keypoints[list(MIRROR)]
    expected[:, 0] = IMAGE_SIZE - 1 - expected[:, 0]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_left_and_right_keypoints_are_swapped():
    keypoints = np.full((len(KEYPOINTS), 2), np.nan, np.float32)
    keypoints[KEYPOINTS.index("left_eye_center")] = 60, 30
    keypoints[KEYPOINTS.index("nose_tip")] = 50, 50
    _, found, _ = flip(keypoints)
    labelled = {KEYPOINTS[k]: tuple(found[k]) for k in np.flatnonzero(np.isfinite(found[:, 0]))}
    assert labelled == {"right_eye_center": (35, 30), "nose_tip": (45, 50)}


def test_the_image_is_mirrored():
    image, _, _ = flip(np.zeros((len(KEYPOINTS), 2), np.float32))
    np.testing.assert_array_equal(image, IMAGE[:, ::-1])
