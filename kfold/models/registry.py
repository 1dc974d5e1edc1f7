"""Networks by name; a new one is also named in `kfold.config.recipe.BUILT_IN`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kfold.models.backend import dtype_policy, reset_settings  # isort: skip
import keras

from kfold.config.architecture import Architecture
from kfold.config.recipe import Recipe
from kfold.custom.load import load
from kfold.custom.resolve import bound, located_at
from kfold.models.baseline_cnn import plain_cnn
from kfold.models.custom_network import custom_network
from kfold.models.heatmap import heatmap_network
from kfold.models.keypoint_model import KeypointModel
from kfold.models.regression import regression_network
from kfold.models.unet import unet_network

Network = Callable[[Architecture], tuple[dict[str, Any], dict[str, Any]]]
"""Builds a network's inputs and outputs; the outputs have at least `keypoints`."""

NETWORKS: dict[str, Network] = {
    "base": lambda architecture: plain_cnn((32,)),
    "base_extended": lambda architecture: plain_cnn((32, 64, 128)),
    "heatmap": heatmap_network,
    "regression": regression_network,
    "unet": unet_network,
}
"""Two baseline CNNs, whose architecture is fixed, and our networks."""


def build_model(recipe: Recipe) -> KeypointModel:
    """Build an untrained model that maps `face_inputs` to a dict with `keypoints`, in pixels.

    Raises:
        UserError: there is no such network, or the user's function for it is wrong.
    """
    if recipe.code:
        load(recipe.code)
    reset_settings()
    keras.config.set_dtype_policy(dtype_policy(recipe.precision))
    try:
        if recipe.network in NETWORKS:
            return KeypointModel(*NETWORKS[recipe.network](recipe.architecture))
        with located_at(recipe, "network"):
            return custom_network(bound(recipe, "network"), any_size=recipe.low_res_share > 0)
    finally:
        reset_settings()
