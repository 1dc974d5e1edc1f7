"""Keras's environment variables, set before anything imports it: `augment` and `kfold` begin here.

Of the user's settings, only KERAS_BACKEND counts: keras.json may hold those of another project.
"""

from __future__ import annotations

import os

from data.system.cgroups import cpu_limits

THREAD_VARIABLES = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
"""Numbers of threads of TensorFlow and of numpy's matrix products."""

os.environ["KERAS_BACKEND"] = os.environ.get("KERAS_BACKEND") or "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# By default TensorFlow uses oneDNN only on newer processors; AVX2 ones gain a fifth in speed, too.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# A folder that cannot exist: Keras reads no keras.json there, and writes none.
os.environ["KERAS_HOME"] = os.path.join(os.devnull, "keras")
for _limit in ("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH"):
    os.environ.pop(_limit, None)
# By default both start a thread for each core of the host, far more than a container may have.
if _quotas := cpu_limits():
    for _name in THREAD_VARIABLES:
        os.environ.setdefault(_name, str(min([os.cpu_count() or 1, *_quotas])))
