from dataclasses import replace

import numpy as np
import pytest

from augment.batches import network_inputs
from data.competition import KEYPOINTS

from kfold.models import backend  # isort: skip
import keras

from kfold.config.recipe import Recipe
from kfold.models.backbone import standardize
from kfold.models.registry import NETWORKS, build_model
from tests.kfold.custom.idea import code_file
from tests.tiny_run import TINY

SMALL = replace(TINY, batch_norm=True)
MILLIONS = {
    "base": 37.8,
    "base_extended": 9.55,
    "heatmap": 0.844,
    "regression": 0.881,
    "unet": 2.09,
}
"""Parameters of each network with the default architecture."""


@pytest.fixture(autouse=True)
def session():
    """Free the models of each test; some are large."""
    yield
    keras.backend.clear_session()


@pytest.mark.parametrize("network", NETWORKS)
def test_every_network_has_its_size_and_predicts_pixels(network):
    model = build_model(Recipe(network, epochs=1))
    assert model.count_params() / 1e6 == pytest.approx(MILLIONS[network], rel=5e-3)
    images = np.random.default_rng(0).integers(0, 256, (2, 96, 96)).astype(np.uint8)
    inputs = network_inputs(images, np.array([1, 2]), np.array([False, True]))
    keypoints = np.asarray(model(inputs)["keypoints"])
    assert keypoints.shape == (2, len(KEYPOINTS), 2)
    assert keypoints.dtype == np.float32
    assert 0 < keypoints.mean() < 95


@pytest.mark.parametrize("network", ["base_extended", "heatmap", "regression", "unet"])
def test_keypoints_of_a_bfloat16_network_are_float32(network):
    """The eight bits of bfloat16 would round positions to halves of a pixel."""
    small = {} if network == "base_extended" else {"architecture": SMALL}
    model = build_model(Recipe(network, epochs=1, precision="mixed_bfloat16", **small))
    assert keras.config.dtype_policy().name == "float32"
    images = np.random.default_rng(0).integers(0, 256, (4, 96, 96)).astype(np.uint8)
    inputs = network_inputs(images, np.ones(4, np.int8), np.zeros(4, bool))
    keypoints = np.asarray(model(inputs)["keypoints"])
    assert keypoints.dtype == np.float32
    halves = np.abs(2 * keypoints - np.round(2 * keypoints))
    assert halves.max() > 0.01
    assert {layer.compute_dtype for layer in model.layers} == {"float32", "bfloat16"}


def test_a_users_file_does_not_change_the_settings_of_networks():
    text = (
        "import keras\nfrom kfold.custom import network\nkeras.config.set_floatx('float64')\n"
        "keras.config.set_dtype_policy('mixed_float16')\n"
        "keras.config.set_image_data_format('channels_first')\n@network\ndef plain(inputs):\n"
        "    return keras.layers.Conv2D(15, 4, 4)(inputs['image'])\n"
    )
    own = Recipe("plain", epochs=1, code=code_file(text))
    for recipe in (own, Recipe("heatmap", epochs=1, architecture=SMALL)):
        model = build_model(recipe)
        assert {layer.compute_dtype for layer in model.layers if layer.weights} == {"float32"}
        assert keras.config.floatx() == keras.config.dtype_policy().name == "float32"
        assert keras.config.image_data_format() == "channels_last"


def test_the_ring_around_the_image_shows_the_image():
    """Logits of the ring that were one constant could not tell where along the edge a label is."""
    model = build_model(Recipe("heatmap", epochs=1, architecture=SMALL))
    images = np.random.default_rng(0).integers(0, 256, (2, 96, 96)).astype(np.uint8)
    maps = model(network_inputs(images, np.array([1, 2]), np.zeros(2, bool)))["maps"]
    top, bottom, left, right = maps[:, 0], maps[:, -1], maps[:, :, 0], maps[:, :, -1]
    for edge in (top, bottom, left, right):
        inner = np.asarray(edge)[:, 1:-1]
        assert inner.std(axis=1).min() > 1e-4
        assert np.abs(inner[0] - inner[1]).max() > 1e-4


@pytest.mark.parametrize("size", [96, 64])
def test_a_flat_image_is_standardized_to_zeros_and_others_to_unit_variance(size):
    entry = keras.Input((None, None, 1))
    model = keras.Model(entry, standardize(entry))
    rng = np.random.default_rng(0)
    images = np.stack([np.full((size, size, 1), 200), rng.integers(0, 256, (size, size, 1))])
    flat, other = np.asarray(model(images.astype(np.float32)))
    np.testing.assert_allclose(flat, 0, atol=1e-3)
    assert other.mean() == pytest.approx(0, abs=1e-3)
    assert other.std() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("feature", ["amx_bf16", None])
def test_auto_trains_in_bfloat16_where_the_processor_has_it(feature, monkeypatch):
    monkeypatch.setattr(backend, "bfloat16_feature", lambda: feature)
    monkeypatch.setattr(backend.tf.config, "list_physical_devices", lambda kind: [])
    model = build_model(Recipe("unet", epochs=1, architecture=SMALL, precision="auto"))
    others = {"bfloat16"} if feature else set()
    assert {layer.compute_dtype for layer in model.layers} == {"float32"} | others
