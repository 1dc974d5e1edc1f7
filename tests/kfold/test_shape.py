"""Shapes that a search may try: they build, and cost what they are said to cost."""

from typing import get_args, get_type_hints

import numpy as np
import pytest

from augment.batches import network_inputs
from augment.policies import POLICIES

from kfold import backend  # noqa: F401  isort: skip
import keras

from kfold import recipe as recipes
from kfold.losses import LOSSES
from kfold.networks import NETWORKS, build_model
from kfold.recipe import Recipe
from kfold.shape import Shape, multiplications
from kfold.trunk import POOLING
from kfold.views import VIEWS

SHAPES = [
    Shape(),
    Shape(stem=8, widths=(8, 8, 24), blocks=(2, 1, 3), kernel=5, stem_kernel=7, decoder=16),
    Shape(padding="mirror", pooling="max", stem_kernel=3, annotator_heads=False),
    Shape(padding="mirror", pooling="stride", kernel=2, dropout=0.2),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [96, 64])
def test_every_shape_has_maps_of_a_quarter_of_the_image(shape, size):
    model = build_model(Recipe("heatmap", 1, shape=shape))
    images = np.random.default_rng(0).integers(0, 256, (2, size, size)).astype(np.uint8)
    outputs = model(network_inputs(images, np.array([1, 2]), np.zeros(2, bool)))
    assert outputs["maps"].shape == (2, size // 4, size // 4, 15)
    assert outputs["keypoints"].shape == (2, 15, 2)


@pytest.mark.parametrize("shape", SHAPES)
def test_multiplications_are_counted_without_building(shape):
    """Against a count over the layers of the network itself, of 96x96 pixels."""
    keras.backend.clear_session()
    model = build_model(Recipe("heatmap", 1, shape=shape))
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    sizes = keras.Model(model.inputs, [layer.output for layer in convolutions])
    images = np.zeros((1, 96, 96), np.uint8)
    outputs = sizes(network_inputs(images, np.array([1]), np.zeros(1, bool)))
    counted = sum(
        int(np.prod(output.shape[1:3]) * np.prod(layer.kernel.shape))
        for output, layer in zip(outputs, convolutions, strict=True)
    )
    assert multiplications(shape) == counted


def test_mirrored_edges_change_the_edges_alone():
    """One 3x3 convolution: away from the edge, what lies beyond it makes no difference."""
    from kfold.trunk import conv

    image = np.random.default_rng(0).normal(size=(1, 8, 8, 1)).astype(np.float32)
    outputs = []
    for padding in ("zeros", "mirror"):
        keras.utils.set_random_seed(0)
        entry = keras.Input((8, 8, 1))
        outputs.append(
            np.asarray(keras.Model(entry, conv(entry, 4, 3, Shape(padding=padding)))(image))
        )
    zeros, mirrored = outputs
    np.testing.assert_allclose(zeros[:, 1:-1, 1:-1], mirrored[:, 1:-1, 1:-1], rtol=1e-5)
    assert np.abs(zeros[:, 0] - mirrored[:, 0]).max() > 0.01


@pytest.mark.parametrize(
    ("names", "known"),
    [
        (recipes.Network, NETWORKS),
        (recipes.Loss, LOSSES),
        (recipes.Policy, POLICIES),
        (recipes.Views, VIEWS),
    ],
)
def test_recipes_may_name_what_there_is(names, known):
    assert set(get_args(names)) == set(known)


def test_every_way_of_pooling_is_known():
    assert set(POOLING) == set(get_args(get_type_hints(Shape)["pooling"]))
