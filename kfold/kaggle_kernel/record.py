"""Which kernel trains for a run: kernel.json in the run's folder, until its results are back."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

from data.kaggle.kernels import Kernel
from data.system.atomic import write_json
from data.system.errors import UserError
from kfold.config.validation import STRICT, read_json, validated
from kfold.runs.task import Task

_FILE = "kernel.json"
_LONGEST = 50 - len("Facial keypoints ")
"""Characters. A kernel's title has 50 at most."""


@dataclass(frozen=True)
class KernelRecord:
    """A kernel that trains for a run.

    Attributes:
        slug: name of the kernel.
        checksum: of the package that was sent.
        tasks: the trainings that it was sent.
        kernel: which of its versions; None if that is not known, as the push was cut off.
    """

    __pydantic_config__: ClassVar = STRICT

    slug: str
    checksum: str
    tasks: tuple[Task, ...]
    kernel: Kernel | None = None

    def write(self, folder: Path) -> None:
        """Write the record into a run's folder."""
        write_json(folder / _FILE, asdict(self))


def read_record(folder: Path) -> KernelRecord | None:
    """Read the record of a run's folder; None if no kernel trains for it.

    Raises:
        UserError: the file is damaged.
    """
    path = folder / _FILE
    if not path.is_file():
        return None
    try:
        return validated(KernelRecord, read_json(path), str(path))
    except UserError as error:
        raise UserError(
            f"{error} Delete the file, or pass FORCE=1, to forget the kernel that it names."
        ) from None


def remove_record(folder: Path) -> None:
    """Forget the kernel of a run."""
    (folder / _FILE).unlink(missing_ok=True)


def kernel_title(run: str) -> str:
    """Title of a run's kernel, from which Kaggle makes the same slug as `kernel_slug`."""
    name = re.sub(r"[^a-z0-9]+", "-", run.lower()).strip("-")
    if name != run or len(name) > _LONGEST:
        digest = hashlib.sha256(run.encode()).hexdigest()[:8]
        name = f"{name[: _LONGEST - 9].rstrip('-')}-{digest}".lstrip("-")
    return f"Facial keypoints {name}"


def kernel_slug(title: str) -> str:
    """The name that Kaggle gives a kernel in addresses, by its title."""
    return title.lower().replace(" ", "-")
