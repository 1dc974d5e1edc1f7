"""What the house makes of the output of a user's network."""

import numpy as np
import pytest

from kfold.models import backend  # noqa: F401  isort: skip
import keras
from keras import layers

from data.system.errors import UserError
from kfold.models.custom_network import custom_network
from kfold.models.keypoint_model import map_cross_entropy


def maps(cells, count=19):
    def network(inputs):
        x = layers.Rescaling(1 / 255)(inputs["image"])
        stride = 96 // cells if 96 % cells == 0 else 96 // (cells - 2)
        x = layers.AveragePooling2D(stride)(x)
        if 96 % cells:
            x = layers.ZeroPadding2D()(x)
        return layers.Conv2D(count, 1)(x)

    return network


def faces(size=96, n=2):
    images = np.random.default_rng(0).integers(0, 256, (n, size, size, 1)).astype(np.uint8)
    return {"image": images, "annotator": np.array([1, 2]), "mirrored": np.array([0, 1])}


@pytest.mark.parametrize(("cells", "ring"), [(24, False), (26, True), (48, False), (12, False)])
def test_logits_become_keypoints_of_each_annotator(cells, ring):
    model = custom_network(maps(cells), any_size=False)
    outputs = model(faces())
    assert outputs["keypoints"].shape == (2, 15, 2)
    assert outputs["maps"].shape == (2, cells, cells, 15)
    assert model.ring is ring
    names = {type(layer).__name__ for layer in model.layers}
    assert {"ChooseAnnotator", "SoftArgmax", "AxisOffset"} <= names


def test_fifteen_maps_are_shared_by_the_annotators():
    model = custom_network(maps(24, count=15), any_size=False)
    assert "ChooseAnnotator" not in {type(layer).__name__ for layer in model.layers}
    assert model(faces())["keypoints"].shape == (2, 15, 2)


def test_a_peak_is_read_at_its_cell_and_its_target_lies_there():
    def peak(inputs):
        weights = np.full((24, 24, 15), -50, np.float32)
        weights[10, 3] = 50
        x = layers.AveragePooling2D(4)(layers.Rescaling(0.0)(inputs["image"]))
        return layers.Add()([layers.Conv2D(15, 1)(x), keras.ops.convert_to_tensor(weights[None])])

    model = custom_network(peak, any_size=False)
    outputs = model(faces())
    np.testing.assert_allclose(outputs["keypoints"], np.full((2, 15, 2), [13.5, 41.5]), atol=1e-3)
    label = np.full((2, 15, 2), [13.5, 41.5], np.float32)
    at_label = float(map_cross_entropy(label, outputs["maps"], model.ring))
    assert at_label < float(map_cross_entropy(label + 4, outputs["maps"], model.ring))


def test_a_network_of_any_size_takes_smaller_images():
    model = custom_network(maps(24), any_size=True)
    assert model(faces(64))["maps"].shape == (2, 16, 16, 15)
    assert model(faces())["maps"].shape == (2, 24, 24, 15)


def middle(inputs):
    x = layers.GlobalAveragePooling2D()(layers.Rescaling(0.0)(inputs["image"]))
    x = layers.Reshape((15, 2))(layers.Dense(30)(x))
    return layers.Rescaling(1.0, offset=47.5)(x)


def test_keypoints_are_taken_as_they_are():
    outputs = custom_network(middle, any_size=False)(faces())
    assert list(outputs) == ["keypoints"]
    np.testing.assert_allclose(outputs["keypoints"], np.full((2, 15, 2), 47.5))


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (lambda inputs: None, r"expected a network's output, logits.*found None"),
        (lambda inputs: (inputs["image"],) * 2, r"expected a network's output"),
        (lambda inputs: inputs["image"], r"found the shape \(B, 96, 96, 1\)"),
        (maps(24, count=16), r"found the shape \(B, 24, 24, 16\)"),
        (maps(6), r"at least 12 cells .*, found 6 cells|found 6 cells"),
        (lambda inputs: layers.Conv2D(19, 20)(inputs["image"]), r"evenly.*found 77 cells"),
        (lambda inputs: layers.Conv2D(19, (1, 3))(inputs["image"]), r"\(B, 96, 94, 19\)"),
        (lambda inputs: layers.Flatten()(inputs["image"]), r"found the shape \(B, 9216\)"),
    ],
)
def test_another_output_is_refused(network, message):
    with pytest.raises(UserError, match=message):
        custom_network(network, any_size=False)


def test_keypoints_are_of_one_image_size():
    with pytest.raises(UserError, match=r"low_res_share: expected 0\.0, as a network of keypoints"):
        custom_network(middle, any_size=True)


def test_coarse_maps_are_refused_where_images_are_small():
    custom_network(maps(12), any_size=False)
    with pytest.raises(UserError, match=r"at least 18 cells.*found 12 cells"):
        custom_network(maps(12), any_size=True)
