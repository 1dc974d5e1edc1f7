"""Architectures that a search may try: they build, and their cost is counted correctly."""

from typing import get_args

import numpy as np
import pytest

from augment.batches import network_inputs
from augment.policies import POLICIES

from kfold.models import backend  # noqa: F401  isort: skip
import keras

from kfold.config import recipe as recipes
from kfold.config.architecture import Architecture
from kfold.config.arithmetic import multiply_adds
from kfold.config.recipe import BUILT_IN, MAP_NETWORKS, Recipe
from kfold.models.losses import LOSSES
from kfold.models.registry import NETWORKS, build_model
from kfold.training.tta import TTA

ARCHITECTURES = {
    "default": Architecture(),
    "wide kernels": Architecture(
        stem_width=8,
        stem_kernel=9,
        stage_widths=(8, 8, 24),
        stage_blocks=(2, 1, 3),
        block_kernel=9,
        decoder_width=16,
    ),
    "smallest": Architecture(
        stem_width=1,
        stem_kernel=1,
        stage_widths=(1, 1, 1),
        stage_blocks=(1, 1, 1),
        block_kernel=1,
        decoder_width=1,
        dropout=0.95,
    ),
    "shared heads": Architecture(
        stem_width=8,
        stem_kernel=3,
        stage_widths=(16, 8, 16),
        stage_blocks=(1, 1, 1),
        decoder_width=8,
        annotator_heads=False,
        batch_norm=False,
    ),
    "even kernels": Architecture(
        stem_width=8,
        stage_widths=(8, 8, 16),
        stage_blocks=(1, 1, 2),
        block_kernel=2,
        decoder_width=8,
        dropout=0.2,
        axis_offset=False,
    ),
}


@pytest.mark.parametrize("network", MAP_NETWORKS)
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_architecture_builds_at_every_size_and_costs_what_is_counted(name, network):
    """Multiply-adds against a count over the layers of the network itself, at 96x96."""
    keras.backend.clear_session()
    recipe = Recipe(network, 1, architecture=ARCHITECTURES[name])
    model = build_model(recipe)
    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    probe = keras.Model(model.inputs, [model.output, [layer.output for layer in layers]])
    annotator, mirrored = np.array([1, 2]), np.zeros(2, bool)
    for size in (64, 96):
        images = np.random.default_rng(0).integers(0, 256, (2, size, size)).astype(np.uint8)
        outputs, convolved = probe(network_inputs(images, annotator, mirrored))
        assert outputs["maps"].shape == (2, size // 4 + 2, size // 4 + 2, 15)
        assert outputs["keypoints"].shape == (2, 15, 2)
    counted = sum(
        int(np.prod(output.shape[1:3]) * np.prod(layer.kernel.shape))
        for output, layer in zip(convolved, layers, strict=True)
    )
    assert multiply_adds(recipe) == counted


@pytest.mark.parametrize(
    ("names", "known"),
    [
        (BUILT_IN["network"], NETWORKS),
        (BUILT_IN["loss"], LOSSES),
        (BUILT_IN["policy"], POLICIES),
        (get_args(recipes.TTAName), TTA),
    ],
)
def test_a_recipe_may_name_everything_that_exists(names, known):
    assert set(names) == set(known)
