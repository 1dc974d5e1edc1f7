"""Keras's environment variables, set before anything imports it: `augment` and `kfold` begin here.

Of the user's settings, only KERAS_BACKEND counts: keras.json may hold those of another project.
"""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = os.environ.get("KERAS_BACKEND") or "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# By default TensorFlow uses oneDNN only on newer processors; AVX2 ones gain a fifth in speed, too.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# A folder that cannot exist: Keras reads no keras.json there, and writes none.
os.environ["KERAS_HOME"] = os.path.join(os.devnull, "keras")
for _limit in ("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH"):
    os.environ.pop(_limit, None)
