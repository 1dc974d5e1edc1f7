"""Labels near the image's edge: valid ones lie in 0 to 96, their mirror images in -1 to 95."""

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from augment.pipeline import augment_faces
from augment.policies import Policy
from data.competition import IMAGE_SIZE, KEYPOINTS
from data.faces import mirror_keypoints

IMAGE = np.random.default_rng(0).integers(0, 256, (1, IMAGE_SIZE, IMAGE_SIZE), dtype=np.uint8)
LABELS = arrays(np.float32, (1, len(KEYPOINTS), 2), elements=st.floats(0, IMAGE_SIZE, width=32))
CORNERS = np.resize(np.float32([[0, 0], [96, 0], [0, 96], [96, 96]]), (1, len(KEYPOINTS), 2))

UNMOVED = {
    "identity": Policy(warp=1),
    "photometric": Policy(photometric=1, blur_noise=1),
    "dropout": Policy(coarse_dropout=1),
}


def keypoints_after(policy, labels, seed=0):
    return augment_faces(IMAGE, labels, policy, seed)[1]


@settings(max_examples=30, deadline=None)
@given(LABELS, st.sampled_from(sorted(UNMOVED)))
@example(CORNERS, "identity")
@example(CORNERS, "dropout")
def test_what_moves_nothing_keeps_every_label(labels, name):
    np.testing.assert_allclose(keypoints_after(UNMOVED[name], labels), labels, atol=1e-4)


@settings(max_examples=30, deadline=None)
@given(LABELS)
@example(CORNERS)
def test_the_flip_keeps_every_label(labels):
    once = keypoints_after(Policy(flip=1), labels)
    np.testing.assert_allclose(once, mirror_keypoints(labels), atol=1e-4)
    np.testing.assert_allclose(keypoints_after(Policy(flip=1), once), labels, atol=1e-4)


@settings(max_examples=50, deadline=None)
@given(LABELS, st.integers(0, 1000))
@example(CORNERS, 0)
def test_a_shift_keeps_exactly_the_labels_that_stay_in_the_image(labels, seed):
    centre = (IMAGE_SIZE - 1) / 2
    labels = np.concatenate([[[[centre, centre]]], labels[:, 1:]], axis=1, dtype=np.float32)
    found = keypoints_after(Policy(warp=1, shift=20), labels, seed)
    expected = labels + found[0, 0] - centre
    inside = ((expected >= -1) & (expected <= IMAGE_SIZE)).all(axis=-1)
    at_border = (np.abs(expected + 1) < 1e-3) | (np.abs(expected - IMAGE_SIZE) < 1e-3)
    sure = ~at_border.any(axis=-1)
    np.testing.assert_array_equal(np.isfinite(found[..., 0])[sure], inside[sure])
    np.testing.assert_allclose(found[sure & inside], expected[sure & inside], atol=1e-3)
