"""Predictions of an untrained network, whose weights do not matter."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from augment.batches import network_inputs
from data.faces import mirror_keypoints

from kfold.models import backend  # noqa: F401  isort: skip
from kfold.models.registry import build_model
from kfold.training.trainer import Trainer, predict
from kfold.training.tta import TTA


@pytest.fixture(scope="module")
def model(tiny):
    return build_model(tiny)


@pytest.fixture(scope="module")
def faces(data):
    return data.train[:4]


def test_predictions_of_the_mirrored_view_are_mirrored_back(model, faces):
    """A face and its mirror image get mirrored predictions, as the offset starts at 0."""
    upright, mirrored = predict(model, faces, TTA["flip"])
    turned = replace(faces, images=np.ascontiguousarray(faces.images[:, :, ::-1]))
    other_upright, other_mirrored = predict(model, turned, TTA["flip"])
    np.testing.assert_allclose(other_upright, mirror_keypoints(mirrored), atol=1e-3)
    np.testing.assert_allclose(other_mirrored, mirror_keypoints(upright), atol=1e-3)
    assert np.abs(upright - mirrored).max() > 0


def test_a_small_image_gets_keypoints_in_pixels_of_the_full_size(model, faces):
    small = np.stack([cv2.resize(image, (64, 64)) for image in faces.images])
    inputs = network_inputs(small, faces.annotator, np.zeros(4, bool))
    upright = predict(model, faces)[0]
    np.testing.assert_allclose(model(inputs)["keypoints"], upright, atol=2)


@pytest.mark.parametrize(
    ("share", "phases"),
    [
        (0.0, [(0, 3, 96)]),
        (1e-9, [(0, 3, 96)]),
        (0.3, [(0, 1, 64), (1, 3, 96)]),
        (1.0, [(0, 3, 64)]),
    ],
)
def test_a_share_of_the_epochs_is_at_low_resolution(model, tiny, faces, monkeypatch, share, phases):
    fitted = []
    monkeypatch.setattr(
        Trainer, "_fit", lambda self, _, epochs, size: fitted.append((epochs, size))
    )
    recipe = replace(tiny, epochs=3, low_res_share=share)
    Trainer(model, recipe, faces, 0, 0, lambda epoch, logs: None).run(faces)
    assert [(epochs.start, epochs.stop, size) for epochs, size in fitted] == phases
