"""Faces of noise, and transforms of a user's file."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest

from data.competition import IMAGE_SIZE, KEYPOINTS
from data.faces import Faces
from tests.augment.own_code import own_code


@pytest.fixture(scope="session")
def faces() -> Faces:
    """50 faces of noise, a third of their labels missing."""
    rng = np.random.default_rng(0)
    n = 50
    keypoints = rng.uniform(5, 90, (n, len(KEYPOINTS), 2)).astype(np.float32)
    keypoints[rng.random((n, len(KEYPOINTS))) < 1 / 3] = np.nan
    images = rng.integers(0, 256, (n, IMAGE_SIZE, IMAGE_SIZE), dtype=np.uint8)
    return Faces(images, keypoints, np.arange(n), rng.integers(1, 3, n).astype(np.int8))


@pytest.fixture(scope="session")
def own() -> Iterator[ModuleType]:
    """The module of `own_code`."""
    with own_code() as module:
        yield module
