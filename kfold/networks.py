"""The networks known by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kfold.heatmap import Shape, heatmap_network
from kfold.keypoint_model import KeypointModel
from kfold.reference import plain_cnn

NETWORKS: dict[str, Callable[[], tuple[dict[str, Any], dict[str, Any]]]] = {
    "base": lambda: plain_cnn((32,)),
    "base_extended": lambda: plain_cnn((32, 64, 128)),
    "heatmap": lambda: heatmap_network(Shape()),
}


def build_model(network: str) -> KeypointModel:
    """Build a model that maps `kfold.reference.face_inputs` to a dict with `keypoints`."""
    return KeypointModel(*NETWORKS[network]())
