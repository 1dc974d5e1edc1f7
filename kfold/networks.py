"""The networks known by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kfold.heatmap import heatmap_network
from kfold.keypoint_model import KeypointModel
from kfold.reference import plain_cnn
from kfold.regression import regression_network
from kfold.trunk import Shape

NETWORKS: dict[str, Callable[[], tuple[dict[str, Any], dict[str, Any]]]] = {
    "base": lambda: plain_cnn((32,)),
    "base_extended": lambda: plain_cnn((32, 64, 128)),
    "heatmap": lambda: heatmap_network(Shape()),
    "heatmap_wide": lambda: heatmap_network(
        Shape(stem=32, widths=(64, 128, 192), blocks=(1, 2, 2), decoder=64)
    ),
    "regression": lambda: regression_network(Shape()),
    "one_head": lambda: heatmap_network(Shape(annotator_heads=False)),
    "no_offset": lambda: heatmap_network(Shape(axis_offset=False)),
    "batch_norm": lambda: heatmap_network(Shape(batch_norm=True)),
}
"""The reference networks, `heatmap`, a wide one, and `heatmap` without one of its ingredients."""


def build_model(network: str) -> KeypointModel:
    """Build a model that maps `kfold.inputs.face_inputs` to a dict with `keypoints`."""
    return KeypointModel(*NETWORKS[network]())
