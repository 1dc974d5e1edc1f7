"""The networks known by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kfold import backend  # noqa: F401  isort: skip
import keras

from kfold.heatmap import heatmap_network
from kfold.keypoint_model import KeypointModel
from kfold.recipe import Recipe
from kfold.reference import plain_cnn
from kfold.regression import regression_network
from kfold.shape import Shape

NETWORKS: dict[str, Callable[[Shape], tuple[dict[str, Any], dict[str, Any]]]] = {
    "base": lambda shape: plain_cnn((32,)),
    "base_extended": lambda shape: plain_cnn((32, 64, 128)),
    "heatmap": heatmap_network,
    "regression": regression_network,
}
"""Two reference networks, which have one shape each, and ours."""


def build_model(recipe: Recipe) -> KeypointModel:
    """Build a model that maps `kfold.inputs.face_inputs` to a dict with `keypoints`."""
    default = keras.config.dtype_policy()
    keras.config.set_dtype_policy(recipe.precision)
    try:
        return KeypointModel(*NETWORKS[recipe.network](recipe.shape))
    finally:
        keras.config.set_dtype_policy(default)
