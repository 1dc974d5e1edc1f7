import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from augment.batches import network_inputs
from data.system.errors import UserError
from kfold.config.recipe import Recipe
from kfold.inference.export_formats import write_keras
from kfold.inference.keras_export import export_network, foreign_parts, rewrite_network
from kfold.models.registry import build_model
from tests.kfold.custom.idea import code_file
from tests.tiny_run import TINY

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 96, 96)).astype(np.uint8)

OWN = code_file(
    """\
import keras
from keras import layers, ops
from kfold.custom import network

@network
def nested(inputs):
    inner = keras.Sequential([layers.Conv2D(4, 4, 4), layers.BatchNormalization()])
    x = ops.concatenate([inputs["image"]] * 3, axis=-1) / 255
    return layers.Conv2D(19, 1)(ops.relu(inner(x)) + 0.5)

class Twice(layers.Layer):
    def call(self, x):
        return 2 * x

@network
def labelled(inputs):
    x = layers.Flatten()(layers.AveragePooling2D(8)(inputs["image"]))
    annotator = layers.Embedding(3, 4)(inputs["annotator"])
    mirrored = ops.cast(inputs["mirrored"], "float32")[:, None]
    x = layers.Dense(30)(layers.Concatenate()([x / 255, annotator, mirrored]))
    return layers.Reshape((15, 2))(x)

def bent(x):
    return ops.relu(x) + 0.1

class Hundredth(keras.initializers.Initializer):
    def __call__(self, shape, dtype=None):
        return ops.full(shape, 0.01, dtype)

@network
def functions(inputs):
    x = layers.Conv2D(4, 4, 4, activation=bent)(layers.Rescaling(1 / 255)(inputs["image"]))
    x = layers.Conv2D(4, 3, padding="same", kernel_initializer=Hundredth())(x)
    return layers.Conv2D(19, 1, activation=lambda x: x / 2)(x)

@network
def twice(inputs):
    x = layers.Conv2D(4, 4, 4)(layers.Rescaling(1 / 255)(inputs["image"]))
    return layers.Conv2D(19, 1)(Twice()(x))
"""
)
RECIPES = {
    "nested": Recipe("nested", 1, code=OWN),
    "labelled": Recipe("labelled", 1, code=OWN),
    "base": Recipe("base_extended", 1),
    "heatmap": Recipe("heatmap", 1, architecture=TINY),
    "unet": Recipe("unet", 1, architecture=replace(TINY, batch_norm=True)),
    "regression": Recipe("regression", 1, architecture=TINY),
    "one head": Recipe("heatmap", 1, architecture=replace(TINY, annotator_heads=False)),
    "no batch norm": Recipe("heatmap", 1, architecture=replace(TINY, batch_norm=False)),
    "dropout": Recipe("heatmap", 1, architecture=replace(TINY, dropout=0.2, block_kernel=5)),
}


def network(name):
    """An untrained network whose weights all differ from their initial values."""
    model, rng = build_model(RECIPES[name]), np.random.default_rng(1)
    model.set_weights(
        [w + 0.01 * rng.standard_normal(w.shape, np.float32) for w in model.get_weights()]
    )
    return model


@pytest.mark.parametrize("name", RECIPES)
def test_every_network_is_rewritten_in_layers_of_keras(name):
    original = network(name)
    rewritten = rewrite_network(original)
    inputs = network_inputs(IMAGES, np.ones(len(IMAGES)), np.zeros(len(IMAGES)))
    expected = original.predict_on_batch(inputs)["keypoints"]
    predicted = rewritten.predict_on_batch(IMAGES)
    np.testing.assert_allclose(predicted, expected, rtol=1e-4, atol=2e-3)
    body = rewritten.get_layer("network")
    assert all(type(layer).__module__.startswith("keras.") for layer in body.layers)
    assert "kfold" not in keras.saving.serialize_keras_object(rewritten).__repr__()


@pytest.mark.parametrize(
    ("name", "parts"), [("twice", ["Twice"]), ("functions", ["<lambda>", "Hundredth", "bent"])]
)
def test_a_network_with_parts_of_ones_own_is_written_as_tflite_only(tmp_path, name, parts):
    model = build_model(Recipe(name, 1, code=OWN))
    assert foreign_parts(model) == parts
    (path,) = export_network(model, IMAGES, tmp_path, max_difference=0.01)
    assert path == tmp_path / "keypoints.tflite"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", RECIPES)
def test_a_network_of_parts_of_keras_has_no_foreign_ones(name):
    assert foreign_parts(network(name)) == []


def test_a_file_that_differs_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(UserError, match="Nothing was written"):
        export_network(network("heatmap"), IMAGES, tmp_path / "exported", max_difference=-1.0)
    assert not list((tmp_path / "exported").iterdir())


def test_the_keras_file_loads_in_keras_3_10(tmp_path):
    """The real one: newer versions write options that it refuses."""
    older = Path(sys.prefix, "keras-3.10")
    assert older.is_dir(), "expected Keras 3.10 there; `make test` installs it"
    expected = {}
    for name in ("base", "heatmap", "regression", "unet"):
        model = rewrite_network(network(name))
        write_keras(model, tmp_path / f"{name}.keras")
        expected[name] = model.predict_on_batch(IMAGES)
    np.save(tmp_path / "images.npy", IMAGES)
    code = (
        "import keras, sys, numpy as np\n"
        "assert keras.__version__.startswith('3.10.'), keras.__version__\n"
        "for name in sys.argv[1:]:\n"
        "    model = keras.models.load_model(name + '.keras')\n"
        "    np.save(name + '.npy', model.predict(np.load('images.npy'), verbose=0))\n"
    )
    environment = os.environ | {"PYTHONPATH": str(older)}
    words = [sys.executable, "-c", code, *expected]
    subprocess.run(words, cwd=tmp_path, env=environment, check=True)
    for name, keypoints in expected.items():
        np.testing.assert_allclose(np.load(tmp_path / f"{name}.npy"), keypoints, atol=1e-3)
