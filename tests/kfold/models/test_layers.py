import keras
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from data.competition import IMAGE_SIZE, MIRROR, SECOND_ANNOTATOR

from kfold.models import backend  # noqa: F401  isort: skip
from kfold.models.keypoint_model import TARGET_SIGMA, gaussian, map_cross_entropy
from kfold.models.layers import (
    AxisOffset,
    ChooseAnnotator,
    FusedBatchNormalization,
    SoftArgmax,
    cell_centres,
)

CELLS = 26
PIXELS = st.floats(0, IMAGE_SIZE)


def logits_at(points, cells=CELLS):
    """Logits (B, cells, cells, K) of the heatmaps' targets for points (B, K, 2) in pixels."""
    points = np.asarray(points, np.float32)
    across, down = (np.asarray(gaussian(points[..., axis], cell_centres(cells))) for axis in (0, 1))
    return np.log(np.einsum("bkh,bkw->bhwk", down, across) + 1e-30)


@pytest.mark.parametrize("cells", [CELLS, 18])
@settings(max_examples=50, deadline=None)
@given(x=PIXELS, y=PIXELS, mirrored=st.booleans())
@example(x=0, y=96, mirrored=False)
@example(x=96, y=0, mirrored=True)
def test_every_position_of_a_label_is_the_mean_of_its_target(cells, x, y, mirrored):
    """At both resolutions of a training; also the mirror image of a label."""
    point = np.array([IMAGE_SIZE - 1 - x if mirrored else x, y])
    _, found = SoftArgmax()(logits_at(point[None, None], cells))
    np.testing.assert_allclose(found[0, 0], point, atol=0.005)


def test_a_target_within_the_image_is_a_plain_gaussian():
    points = np.random.default_rng(0).uniform(12, 83, (4, 15)).astype(np.float32)
    plain = np.exp(-0.5 * ((points[..., None] - cell_centres(CELLS)) / TARGET_SIGMA) ** 2)
    plain /= plain.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(gaussian(points, cell_centres(CELLS)), plain, atol=1e-4)


@pytest.mark.parametrize("position", [-500, -4, 98, 500])
def test_a_target_beyond_the_grid_is_a_distribution_at_its_end(position):
    target = np.asarray(gaussian(np.float32([[position]]), cell_centres(CELLS)))
    assert target.sum() == pytest.approx(1, abs=1e-5)
    assert target[0, 0, 0 if position < 0 else -1] > 0.8


@pytest.mark.parametrize("cells", [CELLS, 18])
def test_cells_cover_the_image_symmetrically_with_one_more_at_each_end(cells):
    centres, size = cell_centres(cells), IMAGE_SIZE / (cells - 2)
    np.testing.assert_allclose(centres + centres[::-1], 95)
    np.testing.assert_allclose(np.diff(centres), size)
    assert centres[0] + size / 2 == -0.5


@pytest.mark.parametrize("cells", [12, 24, 48, 96])
def test_cells_without_a_ring_cover_the_image(cells):
    centres = cell_centres(cells, ring=False)
    np.testing.assert_allclose(centres, (np.arange(96) + 0.0).reshape(cells, -1).mean(axis=1))


@pytest.mark.parametrize("cells", [12, 24, 96])
@given(x=st.floats(9, 86), y=st.floats(9, 86))
def test_positions_are_the_means_of_targets_without_a_ring(cells, x, y):
    point, centres = np.float32([[[x, y]]]), cell_centres(cells, ring=False)
    across, down = (np.asarray(gaussian(point[..., axis], centres)) for axis in (0, 1))
    logits = np.log(np.einsum("bkh,bkw->bhwk", down, across) + 1e-30)
    _, found = SoftArgmax(ring=False)(logits)
    np.testing.assert_allclose(found, point, atol=0.03)


@pytest.mark.parametrize("label", [(40, 50), (0.7, 95.9)])
def test_the_cross_entropy_is_least_at_the_label_and_ignores_missing_labels(label):
    target = np.full((2, 15, 2), np.nan, np.float32)
    target[0, 3] = label
    entropies = []
    for shift in (-2, -1, 0, 1, 2):
        logits = logits_at(np.nan_to_num(target, nan=10) + np.array([shift, 0]))
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


def test_an_untrained_map_is_replaced_by_the_other_annotators_or_by_none():
    layer, rng = ChooseAnnotator(), np.random.default_rng(0)
    maps = rng.normal(size=(2, 4, 4, 19)).astype(np.float32)
    before = np.asarray(layer([maps, np.array([1, 2])]))
    learned = np.ones((2, 15), bool)
    eyes, (nose, lip) = SECOND_ANNOTATOR[:2], SECOND_ANNOTATOR[2:]
    learned[1, eyes] = False
    learned[0, nose] = False
    learned[:, lip] = False
    layer.replace_untrained(learned)
    after = np.asarray(layer([maps, np.array([1, 2])]))
    np.testing.assert_array_equal(after[1][..., eyes], maps[1][..., eyes])
    np.testing.assert_array_equal(after[0][..., nose], maps[0][..., 15 + 2])
    assert not after[..., lip].any()
    changed = [*eyes, nose, lip]
    kept = np.setdiff1d(np.arange(15), changed)
    np.testing.assert_array_equal(after[..., kept], before[..., kept])


def test_an_untrained_offset_is_the_other_annotators():
    layer = AxisOffset()
    layer.build(None)
    layer.offset.assign(np.repeat([0.01, 0.02], 15))
    learned = np.ones((2, 15), bool)
    learned[1] = False
    layer.replace_untrained(learned)
    np.testing.assert_allclose(layer.pixels(), np.full((2, 15), 0.96), rtol=1e-5)


def test_fused_batch_norm_trains_and_predicts_as_that_of_keras():
    x = np.random.default_rng(0).normal(3, 2, (8, 12, 12, 5)).astype(np.float32)
    target = np.random.default_rng(1).normal(size=x.shape).astype(np.float32)
    found = []
    for kind in (FusedBatchNormalization, keras.layers.BatchNormalization):
        model = keras.Sequential([keras.Input(x.shape[1:]), kind(momentum=0.9)])
        model.compile(keras.optimizers.SGD(0.5), "mse")
        losses = model.fit(x, target, batch_size=4, epochs=3, shuffle=False, verbose=0).history
        found.append([losses["loss"], *model.get_weights(), model.predict(x, verbose=0)])
    for ours, theirs in zip(*found, strict=True):
        # The fused variance is that of the population: n / (n - 1) times the batch's.
        np.testing.assert_allclose(ours, theirs, rtol=2 / (4 * 12 * 12), atol=2e-3)
