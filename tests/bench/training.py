"""Training and prediction in images per second: `python -m tests.bench.training MODEL WAY`.

Ways: `fit` trains as a cross-validation does, `float32` the same in that precision, `plain` runs
`model.fit` on arrays in float32, `predict` predicts. `python -m tests.bench.training peak` prints
the GFLOP/s of matrix products.
"""

from __future__ import annotations

import json
import math
import sys
import time
from dataclasses import replace

import numpy as np

from kfold.models import backend  # noqa: F401  isort: skip
import keras

from augment.batches import Batches, network_inputs
from augment.policies import POLICIES
from data.faces import Faces
from data.rendering.demo_faces import demo_faces
from kfold.config.recipe import Recipe, recipe_of
from kfold.models.keypoint_model import KeypointModel
from kfold.models.losses import LOSSES
from kfold.models.registry import build_model
from kfold.training.optimizer import build_optimizer
from kfold.training.trainer import predict

FACES, EPOCHS = 640, 3
MATRIX, PRODUCTS = 4096, 8


def gflop(model: KeypointModel, faces: Faces) -> float:
    """GFLOP of one image's forward pass: two operations per weight and position of each layer."""
    kinds = keras.layers.Conv2D | keras.layers.Dense
    layers = [layer for layer in model.layers if isinstance(layer, kinds)]
    inputs = network_inputs(faces.images[:1], faces.annotator[:1], np.zeros(1, bool))
    outputs = keras.Model(model.inputs, [layer.output for layer in layers])(inputs)
    positions = [math.prod(output.shape[1:-1]) for output in outputs]
    weights = [math.prod(layer.kernel.shape) for layer in layers]
    return 2e-9 * sum(map(math.prod, zip(positions, weights, strict=True)))


def fit(model: KeypointModel, recipe: Recipe, faces: Faces) -> float:
    """Images per second from augmented batches, as in a cross-validation."""
    with Batches(faces, recipe.batch_size, POLICIES[recipe.policy], seed=0) as batches:
        model.fit(batches, verbose=0)
        start = time.perf_counter()
        model.fit(batches, epochs=EPOCHS, verbose=0)
        return EPOCHS * len(batches) * recipe.batch_size / (time.perf_counter() - start)


def plain(model: KeypointModel, recipe: Recipe, faces: Faces) -> float:
    """Images per second from arrays, not augmented."""
    inputs = network_inputs(faces.images, faces.annotator, np.zeros(len(faces), bool))
    data = {"x": inputs, "y": faces.keypoints, "batch_size": recipe.batch_size, "verbose": 0}
    model.fit(**data)
    start = time.perf_counter()
    model.fit(**data, epochs=EPOCHS)
    return EPOCHS * len(faces) / (time.perf_counter() - start)


def forward(model: KeypointModel, recipe: Recipe, faces: Faces) -> float:
    """Images per second predicted, one view each."""
    predict(model, faces)
    start = time.perf_counter()
    for _ in range(EPOCHS):
        predict(model, faces)
    return EPOCHS * len(faces) / (time.perf_counter() - start)


def peak() -> dict[str, float]:
    """GFLOP/s of float32 matrix products by the same backend."""
    one = keras.ops.convert_to_tensor(np.ones((MATRIX, MATRIX), np.float32))
    np.asarray(keras.ops.matmul(one, one))
    start = time.perf_counter()
    for _ in range(PRODUCTS):
        np.asarray(keras.ops.matmul(one, one)[0, 0])
    return {"gflops": 2e-9 * PRODUCTS * MATRIX**3 / (time.perf_counter() - start)}


def main() -> None:
    """Measure one way and print its figures."""
    if sys.argv[1] == "peak":
        print(json.dumps(peak()))
        return
    recipe, way = recipe_of(sys.argv[1]), sys.argv[2]
    precision = recipe.precision if way in ("fit", "predict") else "float32"
    recipe = replace(recipe, policy="standard", precision=precision)
    faces, _ = demo_faces(FACES, np.random.SeedSequence(0), (0.0, 0.0))
    model = build_model(recipe)
    model.heatmap_weight = recipe.heatmap_weight
    model.compile(build_optimizer(recipe, 1000), LOSSES[recipe.loss])
    speed = {"fit": fit, "float32": fit, "plain": plain, "predict": forward}[way](
        model, recipe, faces
    )
    print(json.dumps({"images_per_second": speed, "gflop": gflop(model, faces)}))


if __name__ == "__main__":
    main()
