"""A working folder with few faces, on a machine that seems to have one core."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from data.demo import Demo, write_demo


@contextmanager
def few_faces(folder: Path, train: int) -> Iterator[pytest.MonkeyPatch]:
    """Work in `folder`, whose demo/ holds `train` training faces; yields what undoes patches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("LOKY_MAX_CPU_COUNT", "1")
        write_demo(Demo(Path("demo"), train=train, test=10))
        yield patch
