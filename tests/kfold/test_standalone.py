import keras
import numpy as np
import pytest

from augment.batches import network_inputs
from data.errors import UserError
from kfold.networks import build_model
from kfold.recipe import Recipe
from kfold.shape import Shape
from kfold.standalone import export, standalone

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 96, 96)).astype(np.uint8)


RECIPES = {
    "heatmap": Recipe("heatmap", 1),
    "regression": Recipe("regression", 1),
    "base": Recipe("base", 1),
    "one head": Recipe("heatmap", 1, shape=Shape(annotator_heads=False)),
    "no batch norm": Recipe("heatmap", 1, shape=Shape(batch_norm=False)),
    "mirrored edges": Recipe("heatmap", 1, shape=Shape(padding="mirror", pooling="max")),
    "strides": Recipe("heatmap", 1, shape=Shape(pooling="stride", dropout=0.2, kernel=5)),
}


def network(name):
    """An untrained one, none of whose weights is what it starts with."""
    model, rng = build_model(RECIPES[name]), np.random.default_rng(1)
    model.set_weights([w + rng.normal(0, 0.01, w.shape) for w in model.get_weights()])
    return model


@pytest.mark.parametrize("name", RECIPES)
def test_every_network_is_rewritten_in_layers_of_keras(name):
    original = network(name)
    rewritten = standalone(original)
    inputs = network_inputs(IMAGES, np.ones(len(IMAGES)), np.zeros(len(IMAGES)))
    expected = original.predict(inputs, verbose=0)["keypoints"]
    np.testing.assert_allclose(rewritten.predict(IMAGES, verbose=0), expected, rtol=1e-4, atol=2e-3)
    body = rewritten.get_layer("network")
    assert all(type(layer).__module__.startswith("keras.") for layer in body.layers)
    assert "kfold" not in keras.saving.serialize_keras_object(rewritten).__repr__()


def test_a_file_that_differs_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(UserError, match="Nothing was written"):
        export(network("heatmap"), IMAGES, tmp_path / "exported", agreement=-1.0)
    assert not list((tmp_path / "exported").iterdir())
