"""Folders that the tests of `data` change."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def plain_files(competition: Path, tmp_path: Path) -> Path:
    """A copy of the four small files, not zipped."""
    return shutil.copytree(competition, tmp_path / "plain")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A folder for decoded arrays, which does not exist yet."""
    return tmp_path / "cache"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The folder of a download, which does not exist yet."""
    return tmp_path / "raw"
