"""Import Keras quietly and repeatably. Import this before `keras` anywhere in the project."""

from __future__ import annotations

import logging
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# TensorFlow uses oneDNN by itself on newer processors only; with AVX2 it is a fifth faster, too.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# A training a fold traces its step again, on purpose.
logging.getLogger("tensorflow").setLevel(logging.ERROR)


def _import_quietly() -> None:
    """Import keras with file descriptor 2 closed to the C++ start-up notices of TensorFlow."""
    stderr = os.dup(2)
    try:
        with open(os.devnull, "wb") as sink:
            os.dup2(sink.fileno(), 2)
            import keras  # noqa: F401
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


_import_quietly()


if os.environ["KERAS_BACKEND"] == "tensorflow":
    import tensorflow as tf

    # What debug mode does is to run tf.data's pipelines in step, without its autotuner: that sleeps
    # for 10, 20, 40 ms and so on, and on busy cores an epoch does not end before it wakes.
    tf.data.experimental.enable_debug_mode()
