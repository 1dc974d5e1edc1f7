import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from data.competition import MIRROR, SECOND_ANNOTATOR

from kfold.models import backend  # noqa: F401  isort: skip
from kfold.models.keypoint_model import TARGET_SIGMA, map_cross_entropy
from kfold.models.layers import AxisOffset, ChooseAnnotator, SoftArgmax, cell_centres

CELLS = 24


def gaussian_logits(points):
    """Logits (B, 24, 24, K) of Gaussians around points (B, K, 2) in pixels."""
    centres = cell_centres(CELLS)
    across = (points[..., 0, None] - centres) ** 2
    down = (points[..., 1, None] - centres) ** 2
    logits = -0.5 * (down[..., :, None] + across[..., None, :]) / TARGET_SIGMA**2
    return np.moveaxis(logits, 1, -1).astype(np.float32)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_a_point_survives_encoding_as_a_heatmap_and_decoding(seed):
    points = np.random.default_rng(seed).uniform(12, 83, (3, 15, 2))
    _, decoded = SoftArgmax()(gaussian_logits(points))
    np.testing.assert_allclose(decoded, points, atol=0.02)


def test_cells_cover_the_image_symmetrically():
    centres = cell_centres(CELLS)
    assert centres[0] == 1.5
    np.testing.assert_allclose(centres + centres[::-1], 95)


def test_the_cross_entropy_is_least_at_the_label_and_ignores_missing_labels():
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


def test_offsets_are_added_in_upright_faces_and_subtracted_in_mirrored_ones():
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
