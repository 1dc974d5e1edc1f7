import albumentations as A
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from augment.mirror import Mirror
from data.competition import IMAGE_SIZE, KEYPOINTS, MIRROR

PIXELS = st.floats(0, IMAGE_SIZE - 1, width=32)
COORDINATES = arrays(np.float32, (len(KEYPOINTS), 2), elements=PIXELS | st.just(float("nan")))
OFFSETS = arrays(np.float64, len(KEYPOINTS), elements=st.floats(-5, 5))
PARAMS = A.KeypointParams("xy", remove_invisible=False)
IMAGE = np.arange(IMAGE_SIZE**2, dtype=np.uint32).astype(np.uint8).reshape(IMAGE_SIZE, IMAGE_SIZE)


def mirrored(keypoints, offset, image=IMAGE):
    face = A.Compose([Mirror(p=1)], keypoint_params=PARAMS)(
        image=image, keypoints=keypoints, axis_offset=offset
    )
    return face["image"], face["keypoints"]


@settings(max_examples=50)
@given(COORDINATES, OFFSETS)
def test_twice_is_the_identity(keypoints, offset):
    image, once = mirrored(keypoints, offset)
    image, twice = mirrored(once, offset, image)
    np.testing.assert_array_equal(image, IMAGE)
    np.testing.assert_allclose(twice, keypoints, atol=1e-4)


@settings(max_examples=50)
@given(COORDINATES, st.floats(-5, 5))
def test_a_common_offset_d_maps_x_to_95_plus_2d_minus_x(keypoints, d):
    _, found = mirrored(keypoints, np.full(len(KEYPOINTS), d))
    expected = keypoints[list(MIRROR)]
    expected[:, 0] = IMAGE_SIZE - 1 + 2 * d - expected[:, 0]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_left_and_right_exchange_names():
    keypoints = np.full((len(KEYPOINTS), 2), np.nan, np.float32)
    keypoints[KEYPOINTS.index("left_eye_center")] = 60, 30
    keypoints[KEYPOINTS.index("nose_tip")] = 50, 50
    _, found = mirrored(keypoints, np.zeros(len(KEYPOINTS)))
    labelled = {KEYPOINTS[k]: tuple(found[k]) for k in np.flatnonzero(np.isfinite(found[:, 0]))}
    assert labelled == {"right_eye_center": (35, 30), "nose_tip": (45, 50)}


def test_the_image_is_mirrored_plainly_whatever_the_offset():
    image, _ = mirrored(np.zeros((len(KEYPOINTS), 2), np.float32), np.ones(len(KEYPOINTS)))
    np.testing.assert_array_equal(image, IMAGE[:, ::-1])
