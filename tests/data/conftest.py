"""Files to break."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def plain_files(competition: Path, tmp_path: Path) -> Path:
    """A copy of the four small files, in plain text."""
    return shutil.copytree(competition, tmp_path / "plain")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The folder that a download fills."""
    return tmp_path / "raw"
