import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.batches import network_inputs
from data.competition import KEYPOINTS, MIRROR, SECOND_ANNOTATOR

from kfold import backend  # noqa: F401  isort: skip
import keras

from kfold.keypoint_model import TARGET_SIGMA, map_cross_entropy
from kfold.layers import (
    AxisOffset,
    ChooseAnnotator,
    SoftArgmax,
    Standardize,
    cell_centres,
)
from kfold.networks import NETWORKS, build_model
from kfold.recipe import Recipe

CELLS = 24


def gaussian_logits(points):
    """Logits (B, 24, 24, K) of Gaussians about points (B, K, 2) in pixels."""
    centres = cell_centres(CELLS)
    across = (points[..., 0, None] - centres) ** 2
    down = (points[..., 1, None] - centres) ** 2
    logits = -0.5 * (down[..., :, None] + across[..., None, :]) / TARGET_SIGMA**2
    return np.moveaxis(logits, 1, -1).astype(np.float32)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_a_point_survives_encoding_as_a_map_and_decoding(seed):
    points = np.random.default_rng(seed).uniform(12, 83, (3, 15, 2))
    _, decoded = SoftArgmax()(gaussian_logits(points))
    np.testing.assert_allclose(decoded, points, atol=0.02)


def test_cells_cover_the_image_symmetrically():
    centres = cell_centres(CELLS)
    assert centres[0] == 1.5
    np.testing.assert_allclose(centres + centres[::-1], 95)


def test_the_cross_entropy_is_least_at_the_label_and_blind_without_one():
    target = np.full((2, 15, 2), np.nan, np.float32)
    target[0, 3] = 40, 50
    entropies = []
    for shift in (-2, -1, 0, 1, 2):
        logits = gaussian_logits(np.nan_to_num(target, nan=10) + np.array([shift, 0]))
        maps, _ = SoftArgmax()(logits)
        entropies.append(float(map_cross_entropy(target, maps)))
    assert np.argmin(entropies) == 2
    unlabelled = np.full((2, 15, 2), np.nan, np.float32)
    assert float(map_cross_entropy(unlabelled, maps)) == 0


def test_each_annotator_gets_its_own_maps():
    maps = np.broadcast_to(np.arange(19, dtype=np.float32), (2, CELLS, CELLS, 19))
    chosen = np.asarray(ChooseAnnotator()([maps, np.array([1, 2])]))[:, 0, 0]
    np.testing.assert_array_equal(chosen[0], range(15))
    own = dict(zip(SECOND_ANNOTATOR, range(15, 19), strict=True))
    np.testing.assert_array_equal(chosen[1], [own.get(k, k) for k in range(15)])


@pytest.mark.parametrize("network", NETWORKS)
def test_every_network_maps_gray_values_and_annotator_to_pixels(network):
    rng = np.random.default_rng(0)
    model = build_model(Recipe(network, epochs=1))
    images = rng.integers(0, 256, (2, 96, 96, 1)).astype(np.uint8)
    inputs = network_inputs(images[..., 0], np.array([1, 2]), np.array([False, True]))
    outputs = model.predict(inputs, verbose=0)
    assert outputs["keypoints"].shape == (2, len(KEYPOINTS), 2)
    assert outputs["keypoints"].dtype == np.float32
    assert 0 < outputs["keypoints"].mean() < 95


@pytest.mark.parametrize(
    ("network", "millions"), [("base", 37.8), ("base_extended", 9.55), ("heatmap", 0.844)]
)
def test_networks_have_the_size_they_are_described_with(network, millions):
    assert build_model(Recipe(network, epochs=1)).count_params() / 1e6 == pytest.approx(
        millions, rel=5e-3
    )
    keras.backend.clear_session()


def test_offsets_are_added_as_they_are_and_subtracted_in_mirrored_faces():
    layer = AxisOffset()
    annotator, mirrored = np.array([1, 2, 1, 2]), np.array([0, 0, 1, 1])
    layer([annotator, mirrored])
    pixels = np.random.default_rng(0).normal(0, 1, (2, 15)).astype(np.float32)
    layer.offset.assign(pixels.ravel() / 96)
    shared = (pixels + pixels[:, MIRROR]) / 2
    found = np.asarray(layer([annotator, mirrored]))
    np.testing.assert_allclose(found[:2, :, 0], shared, rtol=1e-5)
    np.testing.assert_allclose(found[2:, :, 0], -shared, rtol=1e-5)
    np.testing.assert_array_equal(found[..., 1], 0)


def test_a_flat_image_is_standardized_to_zeros_and_others_to_unit_spread():
    rng = np.random.default_rng(0)
    images = np.stack([np.full((96, 96, 1), 200), rng.integers(0, 256, (96, 96, 1))])
    flat, other = np.asarray(Standardize()(images.astype(np.float32)))
    np.testing.assert_allclose(flat, 0, atol=1e-3)
    assert other.mean() == pytest.approx(0, abs=1e-3)
    assert other.std() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("network", NETWORKS)
def test_of_a_bfloat16_network_the_keypoints_are_float32(network):
    """Its eight bits would round positions to halves of a pixel."""
    model = build_model(Recipe(network, epochs=1, precision="mixed_bfloat16"))
    assert keras.config.dtype_policy().name == "float32"
    images = np.random.default_rng(0).integers(0, 256, (4, 96, 96)).astype(np.uint8)
    inputs = network_inputs(images, np.ones(4, np.int8), np.zeros(4, bool))
    keypoints = np.asarray(model(inputs)["keypoints"])
    assert keypoints.dtype == np.float32
    halves = np.abs(2 * keypoints - np.round(2 * keypoints))
    assert halves.max() > 0.01
    assert {layer.compute_dtype for layer in model.layers} == {"float32", "bfloat16"}
