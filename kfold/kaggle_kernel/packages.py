"""The Python packages of a session: those of Kaggle's machine if they suit, else installed ones.

Runs before anything is installed, so it imports the standard library only.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

from data.competition import PHONE_PAGE
from data.system.errors import UserError
from kfold.parallel.jobs import has_nvidia_gpu

REQUIREMENTS, GPU_REQUIREMENTS = "requirements.txt", "requirements-gpu.txt"
CONSTRAINTS = "constraints.txt"
INSTALLED_FROM = (REQUIREMENTS, GPU_REQUIREMENTS, "requirements-core.txt", CONSTRAINTS)
"""Files of this project that a session needs to install packages."""

_PHONE = f"Kaggle gives it to accounts with a phone number that is verified on {PHONE_PAGE}"
_SEES_GPU = "import sys, tensorflow as tf; sys.exit(not tf.config.list_physical_devices('GPU'))"


def session_environment(folder: Path, gpu: bool) -> dict[str, str]:
    """Environment variables by which trainings find this project and packages that suit it.

    Args:
        folder: with the project and its requirements.
        gpu: whether TensorFlow must see a GPU.

    Raises:
        UserError: there is no GPU, or the packages can neither be found nor installed.
    """
    if gpu and not has_nvidia_gpu():
        raise UserError(
            f"expected a GPU in this session, found none. {_PHONE}; ON=kaggle-cpu trains without."
        )
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    requirements = folder / (GPU_REQUIREMENTS if gpu else REQUIREMENTS)
    if not _suits(requirements):
        paths.insert(0, _install(folder, requirements))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}
    if gpu and subprocess.run([sys.executable, "-c", _SEES_GPU], env=environment).returncode:
        raise UserError(
            "expected TensorFlow to see this session's GPU, found that it does not: its packages "
            "and the driver do not suit each other. ON=kaggle-cpu trains without a GPU."
        )
    return environment


def _suits(requirements: Path) -> bool:
    """Whether all requirements are installed; without an index, pip finds no others.

    CUDA may be the machine's own.
    """
    without_cuda = requirements.with_name(f"session-{REQUIREMENTS}")
    without_cuda.write_text(requirements.read_text().replace("[and-cuda]", ""))
    return _pip("--dry-run", "--no-index", "-r", str(without_cuda)).returncode == 0


def _install(folder: Path, requirements: Path) -> str:
    """Install the requirements in a folder of their own, which needs no `venv`, and return it."""
    print("This machine's packages do not suit: installing others, which takes minutes", flush=True)
    target = str(folder / "packages")
    constraints = str(folder / CONSTRAINTS)
    ended = _pip("--no-compile", "--target", target, "-c", constraints, "-r", str(requirements))
    if ended.returncode:
        faults = [line for line in ended.stdout.splitlines() if line.startswith("ERROR")]
        raise UserError(
            f"expected the packages of {requirements.name}, found that Python "
            f"{platform.python_version()} of this session can't get them: "
            f"{(faults or [ended.stdout])[0].removeprefix('ERROR: ').strip(' .')}. Has the session "
            f"internet? {_PHONE}."
        )
    return target


def _pip(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip", "install", "--quiet", *words]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
