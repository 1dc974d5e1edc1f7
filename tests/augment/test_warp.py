import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.warp import Warp
from data.competition import IMAGE_SIZE

CENTRE = (IMAGE_SIZE - 1) / 2
POINTS = np.array([[CENTRE, CENTRE], [CENTRE + 20, CENTRE], [10, 70], [np.nan, np.nan]])


def moved(seed, **ranges):
    identity = {"rotate": 0.0, "scale": (1.0, 1.0), "shift": 0.0, "perspective": 0.0}
    warp = Warp(**{**identity, **ranges}, p=1.0)
    warp.set_random_state(np.random.default_rng(seed), random.Random(seed))
    keypoints = np.zeros((len(POINTS), 5), np.float32)
    keypoints[:, :2] = POINTS
    return warp.apply_to_keypoints(keypoints, **warp.get_params())[:, :2]


@pytest.mark.parametrize("ranges", [{}, {"perspective": 5.0}, {"rotate": 30.0, "shift": 9.0}])
def test_a_missing_label_stays_missing(ranges):
    np.testing.assert_array_equal(np.isnan(moved(0, **ranges)), np.isnan(POINTS))


def test_empty_ranges_change_nothing():
    np.testing.assert_allclose(moved(0), POINTS, atol=1e-4)


@settings(max_examples=50)
@given(st.integers(0, 1000), st.floats(1, 90))
def test_rotation_keeps_the_centre_and_distances(seed, rotate):
    points = moved(seed, rotate=rotate)
    np.testing.assert_allclose(points[0], CENTRE, atol=1e-4)
    angle = np.degrees(np.arctan2(*(points[1] - points[0])[::-1]))
    assert abs(angle) <= rotate + 1e-3
    assert np.linalg.norm(points[1] - points[0]) == pytest.approx(20, abs=1e-3)


@settings(max_examples=50)
@given(st.integers(0, 1000))
def test_scale_is_about_the_centre_and_within_its_range(seed):
    points = moved(seed, scale=(0.5, 1.5))
    scale = (points[1, 0] - CENTRE) / 20
    assert 0.5 - 1e-4 <= scale <= 1.5 + 1e-4
    np.testing.assert_allclose(points[:3], CENTRE + scale * (POINTS[:3] - CENTRE), atol=1e-3)


@settings(max_examples=50)
@given(st.integers(0, 1000))
def test_shift_moves_every_point_alike(seed):
    shifts = (moved(seed, shift=9.0) - POINTS)[:3]
    np.testing.assert_allclose(shifts, np.broadcast_to(shifts[0], (3, 2)), atol=1e-3)
    assert np.abs(shifts).max() <= 9 + 1e-3
