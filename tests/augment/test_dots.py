"""A keypoint follows its pixel: dots are drawn on it, moved with it, and measured again."""

from dataclasses import replace

import numpy as np
import pytest

from augment.pipeline import augment_faces
from augment.policies import POLICIES, Policy
from data.competition import IMAGE_SIZE, KEYPOINTS, MIRROR

DOTS = 400
SIGMA = 1.5
MARGIN = 6
"""A dot nearer to the border than this is cut off, which moves its centroid."""
Y, X = np.mgrid[:IMAGE_SIZE, :IMAGE_SIZE]

GEOMETRY = {
    **{name: replace(policy, light=0.0, grain=0.0, hide=0.0) for name, policy in POLICIES.items()},
    "mirror alone": Policy(mirror=1),
    "rotate alone": Policy(warp=1, rotate=45),
    "zoom alone": Policy(warp=1, zoom=(0.5, 1.5)),
    "shift alone": Policy(warp=1, shift=20),
    "tilt alone": Policy(warp=1, tilt=5),
}


@pytest.mark.parametrize("name", GEOMETRY)
def test_dots_are_followed_to_a_twentieth_of_a_pixel(name, monkeypatch):
    monkeypatch.setitem(POLICIES, name, GEOMETRY[name])
    rng = np.random.default_rng(0)
    dots = rng.uniform(MARGIN, IMAGE_SIZE - 1 - MARGIN, (DOTS, 2)).astype(np.float32)
    which = rng.integers(0, len(KEYPOINTS), DOTS)
    keypoints = np.full((DOTS, len(KEYPOINTS), 2), np.nan, np.float32)
    keypoints[np.arange(DOTS), which] = dots
    images, moved, _ = augment_faces(drawn(dots), keypoints, name, 0)

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
