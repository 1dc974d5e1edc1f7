"""Difference between JAX and TensorFlow: `python -m tests.bench.backends`, with jax installed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from kfold.models import backend  # noqa: F401  isort: skip
from augment.batches import Batches
from augment.policies import POLICIES
from data.rendering.demo_faces import demo_faces
from kfold.config.recipe import MODELS
from kfold.models.losses import LOSSES
from kfold.models.registry import build_model
from kfold.training.optimizer import build_optimizer
from kfold.training.trainer import predict
from kfold.training.tta import TTA

RECIPE = replace(MODELS["heatmap"], batch_size=16, precision="float32")
FACES = 48


def two_epochs(weights: Path) -> dict[str, np.ndarray]:
    """Predictions (V, N, 15, 2) in pixels before and after two epochs, and the losses of both."""
    faces, _ = demo_faces(FACES, np.random.SeedSequence(0), (0.0, 0.0))
    model = build_model(RECIPE)
    model.load_weights(weights)
    model.heatmap_weight = RECIPE.heatmap_weight
    before = predict(model, faces[:8], TTA[RECIPE.tta])
    model.compile(build_optimizer(RECIPE, 6), LOSSES[RECIPE.loss])
    with Batches(faces, RECIPE.batch_size, POLICIES[RECIPE.policy], seed=0) as batches:
        losses = model.fit(batches, epochs=2, verbose=0).history["loss"]
    after = predict(model, faces[:8], TTA[RECIPE.tta])
    return {"before": before, "losses": np.array(losses), "after": after}


def main() -> None:
    """Train from the same weights on both backends and print the largest differences."""
    with tempfile.TemporaryDirectory() as scratch:
        weights, found = Path(scratch, "start.weights.h5"), {}
        build_model(RECIPE).save_weights(weights)
        for name in ("tensorflow", "jax"):
            command = [
                sys.executable,
                "-m",
                "tests.bench.backends",
                weights,
                f"{scratch}/{name}.npz",
            ]
            subprocess.run(command, check=True, env={**os.environ, "KERAS_BACKEND": name})
            found[name] = np.load(f"{scratch}/{name}.npz")
        one, other = found.values()
        for quantity in ("before", "losses", "after"):
            print(f"{quantity}: {np.abs(one[quantity] - other[quantity]).max():.2g}")


if __name__ == "__main__":
    if sys.argv[1:]:
        np.savez(sys.argv[2], **two_epochs(Path(sys.argv[1])))
    else:
        main()
