"""Train from given weights on any backend: `python -m tests.kfold.two_epochs WEIGHTS OUT`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from augment.batches import Batches
from data.demo_faces import demo_faces

from kfold import backend  # noqa: F401  isort: skip
import keras

from kfold.fit import predict
from kfold.losses import LOSSES
from kfold.networks import build_model
from kfold.optimizer import build_optimizer
from kfold.recipe import MODELS

RECIPE = replace(MODELS["heatmap"], batch_size=16)
FACES = 48


def two_epochs(weights: Path) -> dict[str, np.ndarray]:
    """Predictions (V, N, 15, 2) in pixels before and after two epochs, and the epochs' losses."""
    faces, _ = demo_faces(FACES, np.random.SeedSequence(0), (0.0, 0.0))
    model = build_model(RECIPE)
    model.load_weights(weights)
    model.map_weight = RECIPE.map_weight
    before = predict(model, faces[:8], RECIPE.views)
    model.compile(build_optimizer(RECIPE, 6), LOSSES[RECIPE.loss])
    with Batches(faces, RECIPE.batch_size, RECIPE.policy, seed=0) as batches:
        losses = model.fit(batches, epochs=2, verbose=0).history["loss"]
    after = predict(model, faces[:8], RECIPE.views)
    return {"before": before, "losses": np.array(losses), "after": after}


if __name__ == "__main__":
    found = two_epochs(Path(sys.argv[1]))
    np.savez(sys.argv[2], backend=keras.backend.backend(), **found)
