"""A tiny recipe and the faces that it trains on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.rendering.demo_faces import demo_faces
from kfold.config.recipe import MODELS, Recipe
from kfold.training.training_data import TrainingData
from tests.tiny_run import TINY


@pytest.fixture(scope="session")
def tiny() -> Recipe:
    """One epoch at low resolution and two at full size of a small heatmap network."""
    return replace(
        MODELS["heatmap"],
        epochs=3,
        batch_size=8,
        learning_rate=9e-3,
        low_res_share=0.3,
        precision="float32",
        policy="none",
        tta="flip",
        architecture=TINY,
    )


@pytest.fixture(scope="session")
def data() -> TrainingData:
    """24 training faces in three folds; the first five are the test set, too."""
    faces, _ = demo_faces(24, np.random.SeedSequence(0), (0.0, 0.0))
    return TrainingData(faces, faces[:5], np.arange(24) % 3, code="1.0, sources 01234567")
