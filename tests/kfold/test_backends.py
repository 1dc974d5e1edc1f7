import os
import subprocess
import sys

import numpy as np

from kfold.networks import build_model
from tests.kfold.two_epochs import RECIPE, two_epochs


def test_jax_trains_and_predicts_as_tensorflow_does(tmp_path):
    weights, out = tmp_path / "start.weights.h5", tmp_path / "jax.npz"
    build_model(RECIPE).save_weights(weights)
    command = [sys.executable, "-W", "error", "-m", "tests.kfold.two_epochs", weights, out]
    subprocess.run(command, check=True, env={**os.environ, "KERAS_BACKEND": "jax"})
    found, expected = np.load(out), two_epochs(weights)
    assert found["backend"] == "jax"
    np.testing.assert_allclose(found["before"], expected["before"], atol=1e-3)
    np.testing.assert_allclose(found["losses"], expected["losses"], rtol=1e-3)
    np.testing.assert_allclose(found["after"], expected["after"], atol=0.1)
    moved = np.abs(expected["after"] - expected["before"]).max()
    assert moved > 1  # so that 0.1 means something
