"""Keras's settings are the product's own, whatever another project left in keras.json."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FOREIGN = {"floatx": "float16", "epsilon": 0.01, "image_data_format": "channels_first"}
SHOW = """
import keras
from kfold.models import backend
config = keras.config
print(config.floatx(), config.epsilon(), config.image_data_format(), config.backend())
print(keras.layers.Conv2D(2, 3)(keras.Input((8, 8, 1))).shape, config.dtype_policy().name)
"""
OWN = ["float32 1e-07 channels_last tensorflow", "(None, 6, 6, 2) float32"]


def shown(code: str, home: Path, **variables: str) -> list[str]:
    """Lines printed by a process whose HOME is `home`, without KERAS_ variables of this one."""
    environment = {name: at for name, at in os.environ.items() if not name.startswith("KERAS_")}
    environment |= {"HOME": str(home), "TF_CPP_MIN_LOG_LEVEL": "3", **variables}
    command = [sys.executable, "-c", code]
    printed = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return printed.stdout.splitlines()


@pytest.fixture
def keras_json(tmp_path: Path) -> Path:
    """The file in a home folder."""
    path = tmp_path / ".keras" / "keras.json"
    path.parent.mkdir()
    return path


@pytest.mark.parametrize("first", ["augment.batches", "kfold.models.losses"])
def test_keras_json_is_not_read(keras_json, tmp_path, first):
    """This one would end the import: keras.config knows no such type, and torch is not there."""
    keras_json.write_text(json.dumps({"floatx": "bfloat16", "backend": "torch"}))
    limit = {"KERAS_HOME": str(keras_json.parent), "KERAS_MAX_EPOCHS": "1"}
    code = f"import {first}, os\nassert 'KERAS_MAX_EPOCHS' not in os.environ\n{SHOW}"
    assert shown(code, tmp_path, **limit) == OWN


def test_a_notebook_that_has_imported_keras_gets_the_own_settings_too(keras_json, tmp_path):
    keras_json.write_text(json.dumps(FOREIGN))
    before = "import keras\nprint(keras.config.image_data_format())\n"
    assert shown(before + SHOW, tmp_path) == ["channels_first", *OWN]


def test_the_backend_of_the_environment_counts():
    code = "import kfold, os; print(os.environ['KERAS_BACKEND'])"
    assert shown(code, ROOT, KERAS_BACKEND="jax") == ["jax"]
    assert shown(code, ROOT, KERAS_BACKEND="") == ["tensorflow"]
