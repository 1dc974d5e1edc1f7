"""Files of an exported network: written, and read back to check them."""

from __future__ import annotations

import json
import warnings
import zipfile
from pathlib import Path
from typing import Any

from kfold.models import backend  # noqa: F401  isort: skip
import keras
import numpy as np

_CONFIG = "config.json"
_NEWER_OPTIONS = {
    "input_axes",
    "output_axes",
    "quantization_config",
    "renorm",
    "renorm_clipping",
    "renorm_momentum",
}
"""Options of layers and initializers that came after Keras 3.10."""


def write_keras(model: keras.Model, path: Path) -> None:
    """Save without options that Keras 3.10 does not know; all of them are at their defaults."""
    model.save(path)
    with zipfile.ZipFile(path) as saved:
        files = {name: saved.read(name) for name in saved.namelist()}
    config = json.loads(files[_CONFIG], object_hook=_without_newer_options)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (files | {_CONFIG: json.dumps(config)}).items():
            archive.writestr(name, content)


def _without_newer_options(config: dict[str, Any]) -> dict[str, Any]:
    return {option: value for option, value in config.items() if option not in _NEWER_OPTIONS}


def _read_keras(path: Path, images: np.ndarray) -> np.ndarray:
    return keras.models.load_model(path).predict(images, verbose=0)


def _write_tflite(model: keras.Model, path: Path) -> None:
    model.export(path, format="litert", verbose=False)


def _read_tflite(path: Path, images: np.ndarray) -> np.ndarray:
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it advertises its successor, a package of its own
        predict = tf.lite.Interpreter(str(path)).get_signature_runner()
    return next(iter(predict(image=images).values()))


KERAS_FILE = "keypoints.keras"
FORMATS = {
    KERAS_FILE: (write_keras, _read_keras),
    "keypoints.tflite": (_write_tflite, _read_tflite),
}
"""By file name, how to write a model, and how to predict images uint8 (N, 96, 96) with the file."""
