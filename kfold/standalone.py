"""A trained network rewritten in Keras's own layers, so that its files load anywhere."""

from __future__ import annotations

import contextlib
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kfold import backend  # noqa: F401  isort: skip
import keras
import numpy as np
from keras import layers

from augment.batches import network_inputs
from data.atomic import replacing
from data.competition import ANNOTATORS, IMAGE_SIZE, KEYPOINTS
from data.errors import UserError
from kfold.inputs import face_inputs
from kfold.keypoint_model import KeypointModel
from kfold.layers import (
    AxisOffset,
    ChooseAnnotator,
    Scale,
    SoftArgmax,
    Standardize,
    cell_centres,
)


def export(
    network: KeypointModel, images: np.ndarray, folder: Path, agreement: float
) -> dict[Path, float]:
    """Write keypoints.keras and keypoints.tflite, read both back, and compare their predictions.

    Both map uint8 images (B, 96, 96) to float32 keypoints (B, 15, 2) in pixels, as the first
    annotator would place them.

    Args:
        network: a trained one.
        images: uint8 (N, 96, 96) to compare on.
        folder: gets the files, once they agree.
        agreement: how far apart in pixels a file's predictions and the network's may be.

    Returns:
        The largest difference in pixels, by file.

    Raises:
        UserError: they differ by more; or another backend than TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise UserError(
            "export: expected TensorFlow, which writes the .tflite file, found "
            f"{keras.backend.backend()}. Unset KERAS_BACKEND."
        )
    first, upright = np.full(len(images), ANNOTATORS[0]), np.zeros(len(images), bool)
    expected = network.predict(network_inputs(images, first, upright), verbose=0)["keypoints"]
    model = standalone(network)
    largest = {}
    with contextlib.ExitStack() as files:
        for name, (write, read) in _FORMATS.items():
            path = folder / name
            beside = files.enter_context(replacing(path))
            write(model, beside)
            largest[path] = float(np.abs(read(beside, images) - expected).max())
            if not largest[path] <= agreement:
                raise UserError(
                    f"{path}: expected the network's predictions to {agreement} px, found a "
                    f"difference of {largest[path]:.3g} px. Nothing was written."
                )
    return largest


def standalone(network: KeypointModel) -> keras.Model:
    """The network as a model of Keras's own layers, for the first annotator, upright.

    It maps uint8 images (B, 96, 96) to keypoints (B, 15, 2) in pixels.
    """
    keypoints = keras.Model(network.inputs, network.output["keypoints"])
    inputs = face_inputs()
    plain = keras.models.clone_model(
        keypoints,
        input_tensors=[inputs[tensor.name] for tensor in network.inputs],
        clone_function=lambda layer: layer,
        call_function=_call,
    )
    body = keras.Model(inputs["image"], plain.outputs[0], name="network")
    image = keras.Input((IMAGE_SIZE, IMAGE_SIZE), name="image", dtype="uint8")
    shaped = layers.Reshape((IMAGE_SIZE, IMAGE_SIZE, 1), dtype="uint8")(image)
    return keras.Model(image, body(layers.Rescaling(1.0)(shaped)), name="keypoints")


def _call(layer: keras.Layer, inputs: Any, **options: Any) -> Any:
    """Call a layer, or what does the same with its weights as they are now."""
    for kind, replacement in _REPLACEMENTS.items():
        if isinstance(layer, kind):
            return replacement(layer, inputs)
    if isinstance(layer, layers.Add) and isinstance(inputs[1], np.ndarray):
        return layers.Rescaling(1.0, offset=inputs[1].tolist())(inputs[0])
    return layer(inputs, **options)


def _standardize(layer: Standardize, image: Any) -> Any:
    normalize = layers.LayerNormalization((1, 2), epsilon=0.02, center=False, scale=False)
    return normalize(layers.Rescaling(1 / 64)(image))


def _scale(layer: Scale, x: Any) -> Any:
    return layers.Rescaling(float(layer.factor))(x)


def _choose_first(layer: ChooseAnnotator, inputs: Any) -> Any:
    return inputs[0][..., : len(KEYPOINTS)]


def _soft_argmax(layer: SoftArgmax, logits: Any) -> tuple[Any, Any]:
    _, height, width, keypoints = logits.shape
    sharp = layers.Rescaling(np.exp(np.asarray(layer.sharpness)).tolist())(logits)
    maps = layers.Softmax(axis=1)(layers.Reshape((height * width, keypoints))(sharp))
    x, y = np.meshgrid(cell_centres(width), cell_centres(height))
    mean = layers.EinsumDense("bpk,pc->bkc", (keypoints, 2))
    means = mean(maps)
    mean.set_weights([np.stack([x.ravel(), y.ravel()], axis=1)])
    return logits, means  # nobody looks at the maps


def _axis_offset(layer: AxisOffset, inputs: Any) -> np.ndarray:
    """The first annotator's, (15, 2): a constant, which `_call` adds."""
    x = np.asarray(layer.pixels())[0]
    return np.stack([x, np.zeros_like(x)], axis=1)


_REPLACEMENTS: dict[type, Callable[[Any, Any], Any]] = {
    Standardize: _standardize,
    Scale: _scale,
    ChooseAnnotator: _choose_first,
    SoftArgmax: _soft_argmax,
    AxisOffset: _axis_offset,
}


def _write_keras(model: keras.Model, path: Path) -> None:
    model.save(path)


def _read_keras(path: Path, images: np.ndarray) -> np.ndarray:
    return keras.models.load_model(path).predict(images, verbose=0)


def _write_tflite(model: keras.Model, path: Path) -> None:
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, verbose=False)
        path.write_bytes(tf.lite.TFLiteConverter.from_saved_model(folder).convert())


def _read_tflite(path: Path, images: np.ndarray) -> np.ndarray:
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that its successor is in a package of its own
        predict = tf.lite.Interpreter(str(path)).get_signature_runner()
    return next(iter(predict(image=images).values()))


_FORMATS = {
    "keypoints.keras": (_write_keras, _read_keras),
    "keypoints.tflite": (_write_tflite, _read_tflite),
}
