"""A keypoint follows its pixel: dots are drawn on keypoints, augmented, and located again."""

from dataclasses import replace

import numpy as np
import pytest

from augment.pipeline import augment_faces
from augment.policies import POLICIES, Policy
from data.competition import IMAGE_SIZE, KEYPOINTS, MIRROR

DOTS = 400
SIGMA = 1.5
MARGIN = 6
"""Distance from the border, in pixels, below which a dot is cut off and its centroid moves."""
Y, X = np.mgrid[:IMAGE_SIZE, :IMAGE_SIZE]

GEOMETRY = {
    **{
        name: replace(policy, photometric=0.0, blur_noise=0.0, coarse_dropout=0.0)
        for name, policy in POLICIES.items()
    },
    "flip only": Policy(flip=1),
    "rotation only": Policy(warp=1, rotate=45),
    "scale only": Policy(warp=1, scale=(0.5, 1.5)),
    "shift only": Policy(warp=1, shift=20),
    "perspective only": Policy(warp=1, perspective=5),
}


@pytest.mark.parametrize("name", GEOMETRY)
def test_keypoints_follow_their_dots_to_a_twentieth_of_a_pixel(name):
    rng = np.random.default_rng(0)
    dots = rng.uniform(MARGIN, IMAGE_SIZE - 1 - MARGIN, (DOTS, 2)).astype(np.float32)
    which = rng.integers(0, len(KEYPOINTS), DOTS)
    keypoints = np.full((DOTS, len(KEYPOINTS), 2), np.nan, np.float32)
    keypoints[np.arange(DOTS), which] = dots
    images, moved, _ = augment_faces(drawn(dots), keypoints, GEOMETRY[name], 0)

    rows, names = np.nonzero(np.isfinite(moved[..., 0]))
    kept = names == which[rows]
    assert (kept | (names == np.array(MIRROR)[which[rows]])).all()
    points = moved[rows, names]
    whole = ((points > MARGIN) & (points < IMAGE_SIZE - 1 - MARGIN)).all(axis=1)
    assert whole.sum() > DOTS / 2
    np.testing.assert_allclose(centroids(images[rows])[whole], points[whole], atol=0.05)


def drawn(dots):
    squares = (X - dots[:, 0, None, None]) ** 2 + (Y - dots[:, 1, None, None]) ** 2
    return np.round(250 * np.exp(-squares / (2 * SIGMA**2))).astype(np.uint8)


def centroids(images):
    weights = images / images.sum(axis=(1, 2), keepdims=True)
    return np.stack([(weights * X).sum(axis=(1, 2)), (weights * Y).sum(axis=(1, 2))], axis=1)
