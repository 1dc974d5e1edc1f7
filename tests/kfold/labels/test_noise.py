import numpy as np
import pytest

from data.faces import Faces
from kfold.labels.noise import label_noise

SIGMA = (0.8, 1.5)


def faces(copies):
    """300 images, each `copies` times, of the annotators in turn, with labels off by SIGMA."""
    rng = np.random.default_rng(0)
    images = np.repeat(rng.integers(0, 256, (300, 96, 96), dtype=np.uint8), copies, axis=0)
    keypoints = np.repeat(rng.uniform(20, 70, (300, 15, 2)), copies, axis=0)
    annotator = np.repeat(np.arange(300) % 2 + 1, copies).astype(np.int8)
    keypoints += rng.normal(0, np.array(SIGMA)[annotator - 1][:, None, None], keypoints.shape)
    keypoints[annotator == 2, 4:] = np.nan
    return Faces(images, keypoints.astype(np.float32), np.arange(len(images)), annotator)


@pytest.mark.parametrize("copies", [2, 3])
def test_the_scatter_of_repeated_labels_is_estimated(copies):
    one, two = label_noise(faces(copies))
    assert (one.annotator, one.rows) == (1, 150 * copies)
    assert one.deviation == pytest.approx(SIGMA[0], rel=0.03)
    assert two.deviation == pytest.approx(SIGMA[1], rel=0.06)


def test_gross_errors_are_left_out():
    wrong = faces(2)
    wrong.keypoints[::10, 2] += 30
    one, _ = label_noise(wrong)
    assert one.deviation == pytest.approx(SIGMA[0], rel=0.03)


def test_images_labelled_once_have_no_estimate():
    assert label_noise(faces(1)) == []
