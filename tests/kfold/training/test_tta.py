import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.competition import IMAGE_SIZE, KEYPOINTS
from data.faces import mirror_keypoints
from kfold.training.tta import TTA, View, predict_with_tta

Y, X = np.mgrid[:IMAGE_SIZE, :IMAGE_SIZE]


def drawn(dots):
    squares = (X - dots[:, 0, None, None]) ** 2 + (Y - dots[:, 1, None, None]) ** 2
    return np.round(250 * np.exp(-squares / 4.5)).astype(np.uint8)


def find_dots(images, mirrored):
    """A perfect predictor: every keypoint is where the dot is."""
    weights = images / images.sum(axis=(1, 2), keepdims=True)
    points = np.stack([(weights * X).sum(axis=(1, 2)), (weights * Y).sum(axis=(1, 2))], axis=-1)
    return np.repeat(points[:, None], len(KEYPOINTS), axis=1).astype(np.float32)


@settings(max_examples=40, deadline=None)
@given(st.integers(-9, 9), st.booleans(), st.integers(0, 2**32 - 1))
def test_predictions_of_a_view_are_in_pixels_of_the_original(shift, mirrored, seed):
    dots = np.random.default_rng(seed).uniform(25, 70, (4, 2))
    found = View(shift, mirrored).predict(drawn(dots), find_dots)
    expected = np.repeat(dots[:, None], len(KEYPOINTS), axis=1)
    np.testing.assert_allclose(found, expected, atol=0.05)


@pytest.mark.parametrize("name", TTA)
def test_every_set_begins_with_the_original_and_repeats_no_view(name):
    views = TTA[name]
    assert views[0] == View()
    assert len({view.name for view in views}) == len(views)
    flags = []

    def recorded(images, mirrored):
        flags.append(mirrored)
        return find_dots(images, mirrored)

    predict_with_tta(views, drawn(np.full((2, 2), 40.0)), recorded)
    assert flags == [view.mirrored for view in views]


def test_predictions_are_clipped_to_the_image():
    far = np.full((3, len(KEYPOINTS), 2), 500, np.float32)
    found = predict_with_tta(TTA["eight"], drawn(np.full((3, 2), 40.0)), lambda *_: far)
    assert found.shape == (8, 3, len(KEYPOINTS), 2)
    assert found.min() >= 0
    assert found.max() <= IMAGE_SIZE


def test_labels_at_the_edge_survive_both_views():
    labels = np.random.default_rng(0).choice([0, IMAGE_SIZE], (3, len(KEYPOINTS), 2))
    labels = labels.astype(np.float32)
    found = predict_with_tta(
        TTA["flip"],
        drawn(np.full((3, 2), 40.0)),
        lambda _, mirrored: mirror_keypoints(labels) if mirrored else labels,
    )
    np.testing.assert_array_equal(found, [labels, labels])
