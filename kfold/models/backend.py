"""Set up Keras's backend; import this module before `keras` where networks are made or loaded.

The variables that Keras reads are set before, in `data.system.keras_environment`.
"""

from __future__ import annotations

import logging
import os

from data.system.processor import bfloat16_feature
from kfold.config.recipe import Precision

# TensorFlow warns of repeated tracing, but each training must trace its own step.
logging.getLogger("tensorflow").setLevel(logging.ERROR)


def _import_quietly() -> None:
    """Import keras without TensorFlow's C++ start-up messages on file descriptor 2."""
    stderr = os.dup(2)
    try:
        with open(os.devnull, "wb") as sink:
            os.dup2(sink.fileno(), 2)
            import keras  # noqa: F401
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


def reset_settings() -> None:
    """Undo what a user's file set, and keras.json, read if the caller imported Keras first."""
    import keras

    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")


def dtype_policy(precision: Precision) -> str:
    """Keras's dtype policy; of 'auto', bfloat16 if the processor has it and there is no GPU."""
    if precision != "auto":
        return precision
    if os.environ["KERAS_BACKEND"] != "tensorflow" or tf.config.list_physical_devices("GPU"):
        return "float32"
    return "mixed_bfloat16" if bfloat16_feature() else "float32"


def release_traces() -> None:
    """Release the graphs of trainings that are over, 140 MB each.

    A gradient that a graph defines, as Keras's optimizers do in each training, enters a table of
    TensorFlow's that nothing leaves, and with it its graph.
    """
    if os.environ["KERAS_BACKEND"] != "tensorflow":
        return
    from tensorflow.python.framework.ops import gradient_registry

    for name in list(gradient_registry.list()):
        if name.startswith("CustomGradient-"):
            del gradient_registry._registry[name]


_import_quietly()
reset_settings()

if os.environ["KERAS_BACKEND"] == "tensorflow":
    import tensorflow as tf

    # Debug mode runs tf.data pipelines sequentially, without the autotuner. The autotuner sleeps
    # for 10, 20, 40 ms and so on, and on busy cores an epoch ends only when it wakes.
    tf.data.experimental.enable_debug_mode()
