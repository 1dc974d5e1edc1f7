"""Rewrite a trained network in Keras's own layers, and save it as files that load anywhere."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from kfold.models import backend  # noqa: F401  isort: skip
import keras
import numpy as np
from keras import layers, ops

from augment.batches import network_inputs
from data.competition import ANNOTATORS, IMAGE_SIZE, KEYPOINTS
from data.system.atomic import replacing
from data.system.errors import UserError
from kfold.inference.export_formats import FORMATS, KERAS_FILE
from kfold.models.inputs import face_inputs
from kfold.models.keypoint_model import KeypointModel
from kfold.models.layers import (
    AxisOffset,
    ChooseAnnotator,
    FusedBatchNormalization,
    Scale,
    SoftArgmax,
    cell_centres,
)


def export_network(
    network: KeypointModel, images: np.ndarray, folder: Path, max_difference: float
) -> dict[Path, float]:
    """Write keypoints.keras and keypoints.tflite, load both, and compare their predictions.

    A network with `foreign_parts` is written as .tflite only.

    Both map uint8 images (B, 96, 96) to float32 keypoints (B, 15, 2) in pixels, as annotator 1
    labels them.

    Args:
        network: a trained one.
        images: uint8 (N, 96, 96) to compare on.
        folder: gets the files, all or none.
        max_difference: largest difference in pixels between a file's predictions and the
            network's.

    Returns:
        The largest difference found, in pixels, by file.

    Raises:
        UserError: a difference is larger, or the backend is not TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise UserError(
            "export: expected TensorFlow, which writes the .tflite file, found "
            f"{keras.backend.backend()}. Unset KERAS_BACKEND."
        )
    first, upright = np.full(len(images), ANNOTATORS[0]), np.zeros(len(images), bool)
    expected = network.predict(network_inputs(images, first, upright), verbose=0)["keypoints"]
    model, foreign = rewrite_network(network), foreign_parts(network)
    differences = {}
    with contextlib.ExitStack() as files:
        for name, (write, read) in FORMATS.items():
            if foreign and name == KERAS_FILE:
                continue
            path = folder / name
            beside = files.enter_context(replacing(path))
            write(model, beside)
            differences[path] = float(np.abs(read(beside, images) - expected).max())
            if not differences[path] <= max_difference:
                raise UserError(
                    f"{path}: expected the network's predictions to {max_difference} px, found a "
                    f"difference of {differences[path]:.3g} px. Nothing was written."
                )
    return differences


def foreign_parts(network: keras.Model) -> list[str]:
    """Names of what Keras cannot load alone: a user's layers and functions, and Lambda."""
    inner = network._flatten_layers(include_self=False)
    parts = (part for each in inner if type(each) not in _REPLACEMENTS for part in _parts(each))
    return sorted({part.__name__ for part in parts if _is_foreign(part)})


def _parts(layer: layers.Layer) -> Iterator[Any]:
    """The class of a layer, and the functions and the classes of objects that it calls."""
    yield type(layer)
    for value in vars(layer).values():
        if callable(value):
            yield value if hasattr(value, "__name__") else type(value)


def _is_foreign(part: Any) -> bool:
    return part is layers.Lambda or not str(part.__module__).startswith("keras.")


def rewrite_network(network: KeypointModel) -> keras.Model:
    """The network as a model of Keras's own layers, for upright images and annotator 1.

    It maps uint8 images (B, 96, 96) to keypoints (B, 15, 2) in pixels.
    """
    keypoints = keras.Model(network.inputs, network.output["keypoints"])
    inputs = face_inputs()
    one = ops.max(inputs["image"], axis=(1, 2, 3))  # a number for each image
    constants = {
        id(inputs["annotator"]): ops.full_like(one, ANNOTATORS[0], dtype="int32"),
        id(inputs["mirrored"]): ops.zeros_like(one, dtype="int32"),
    }

    def call(operation: Any, *given: Any, **options: Any) -> Any:
        given, options = keras.tree.map_structure(
            lambda value: constants.get(id(value), value), (given, options)
        )
        return _call(operation, *given, **options)

    rewritten = keras.models.clone_model(
        keypoints,
        input_tensors=[inputs[tensor.name] for tensor in network.inputs],
        clone_function=lambda layer: layer,
        call_function=call,
    )
    body = keras.Model(inputs["image"], rewritten.outputs[0], name="network")
    image = keras.Input((IMAGE_SIZE, IMAGE_SIZE), name="image", dtype="uint8")
    with_channel = layers.Reshape((IMAGE_SIZE, IMAGE_SIZE, 1), dtype="uint8")(image)
    return keras.Model(image, body(layers.Rescaling(1.0)(with_channel)), name="keypoints")


def _call(operation: Any, *inputs: Any, **options: Any) -> Any:
    """Call a layer or operation of Keras, or the replacement of one of ours with its weights."""
    for kind, replacement in _REPLACEMENTS.items():
        if isinstance(operation, kind):
            return replacement(operation, *inputs)
    if isinstance(operation, layers.Add) and isinstance(inputs[0][1], np.ndarray):
        means, offsets = inputs[0]
        flat = _rescaled(layers.Flatten()(means), np.ones(offsets.size), offsets.ravel())
        return layers.Reshape(offsets.shape)(flat)
    return operation(*inputs, **options)


def _rescaled(x: Any, scale: np.ndarray, offset: np.ndarray) -> Any:
    """Scale and shift the last axis; Keras 3.11 takes a number beside a list for a list of one."""
    return layers.Rescaling(scale.tolist(), offset=offset.tolist())(x)


def _scale(layer: Scale, x: Any) -> Any:
    return layers.Rescaling(float(layer.factor))(x)


def _batch_norm(layer: FusedBatchNormalization, x: Any) -> Any:
    plain = layers.BatchNormalization.from_config(layer.get_config())
    normalized = plain(x)
    plain.set_weights(layer.get_weights())
    return normalized


def _first_annotator(layer: ChooseAnnotator, inputs: Any) -> Any:
    """The maps of annotator 1, by a product with the same matrix as in the network."""
    choice = np.asarray(layer.choice)[0]
    chosen = layers.Dense(len(KEYPOINTS), use_bias=False)
    maps = chosen(inputs[0])
    chosen.set_weights([choice])
    return maps


def _soft_argmax(layer: SoftArgmax, logits: Any) -> tuple[Any, Any]:
    """Logits, in place of the log-probabilities that no output needs, and mean positions."""
    _, height, width, keypoints = logits.shape
    sharp = _rescaled(logits, np.exp(np.asarray(layer.sharpness)), np.zeros(keypoints))
    maps = layers.Softmax(axis=1)(layers.Reshape((height * width, keypoints))(sharp))
    x, y = np.meshgrid(*(cell_centres(cells, layer.ring) for cells in (width, height)))
    mean = layers.EinsumDense("bpk,pc->bkc", (keypoints, 2))
    means = mean(maps)
    mean.set_weights([np.stack([x.ravel(), y.ravel()], axis=1)])
    return logits, means


def _axis_offset(layer: AxisOffset, inputs: Any) -> np.ndarray:
    """Offsets of annotator 1, (15, 2): a constant, which `_call` adds."""
    x = np.asarray(layer.pixels())[0]
    return np.stack([x, np.zeros_like(x)], axis=1)


_REPLACEMENTS: dict[type, Callable[[Any, Any], Any]] = {
    Scale: _scale,
    FusedBatchNormalization: _batch_norm,
    ChooseAnnotator: _first_annotator,
    SoftArgmax: _soft_argmax,
    AxisOffset: _axis_offset,
}
