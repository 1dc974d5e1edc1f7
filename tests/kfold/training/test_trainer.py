"""Predictions of an untrained network, whose weights do not matter."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from augment.batches import network_inputs
from data.faces import mirror_keypoints

from kfold.models import backend  # noqa: F401  isort: skip
from kfold.models.registry import build_model
from kfold.training.trainer import predict


@pytest.fixture(scope="module")
def model(tiny):
    return build_model(tiny)


@pytest.fixture(scope="module")
def faces(data):
    return data.train[:4]


def test_predictions_of_the_mirrored_view_are_mirrored_back(model, faces):
    """A face and its mirror image get mirrored predictions, as the offset starts at 0."""
    upright, mirrored = predict(model, faces, "flip")
    turned = replace(faces, images=np.ascontiguousarray(faces.images[:, :, ::-1]))
    other_upright, other_mirrored = predict(model, turned, "flip")
    np.testing.assert_allclose(other_upright, mirror_keypoints(mirrored), atol=1e-3)
    np.testing.assert_allclose(other_mirrored, mirror_keypoints(upright), atol=1e-3)
    assert np.abs(upright - mirrored).max() > 0


def test_a_small_image_gets_keypoints_in_pixels_of_the_full_size(model, faces):
    small = np.stack([cv2.resize(image, (64, 64)) for image in faces.images])
    inputs = network_inputs(small, faces.annotator, np.zeros(4, bool))
    upright = predict(model, faces)[0]
    np.testing.assert_allclose(model(inputs)["keypoints"], upright, atol=2)
