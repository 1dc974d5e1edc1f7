"""Versions of the packages that decide the result of a training."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from data.system.cgroups import usable_cores
from data.system.errors import UserError

BACKENDS = ("tensorflow", "jax", "torch")
"""Keras's backends by name."""

PACKAGES = ("keras", "numpy", "scipy", "albumentations", "scikit-learn", "opencv-python-headless")


def backend() -> str:
    """Name of Keras's backend, by KERAS_BACKEND; 'tensorflow' by default.

    Raises:
        UserError: Keras has no such backend, or it is not installed.
    """
    name = os.environ.get("KERAS_BACKEND", "tensorflow")
    if name not in BACKENDS or not find_spec(name):
        raise UserError(
            f"KERAS_BACKEND: expected one of {', '.join(BACKENDS)} that is installed, found "
            f"{name!r}. Unset it for TensorFlow, or install what it names."
        )
    return name


def installed_versions() -> dict[str, str]:
    """Versions of Python, of Keras's backend and of `PACKAGES`; 'none' if not installed.

    Raises:
        UserError: Keras has no such backend, or it is not installed.
    """
    packages = (backend(), *PACKAGES)
    return {"python": platform.python_version(), **{name: _version(name) for name in packages}}


def this_machine() -> dict[str, str | int]:
    """System, number of cores and `installed_versions`, as a run's config.json lists them."""
    return {"system": platform.platform(), "cores": usable_cores(), **installed_versions()}


def _version(package: str) -> str:
    for name in (package, f"{package}-cpu"):  # TensorFlow without GPU support has its own name
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return "none"
