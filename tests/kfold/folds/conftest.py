"""Rendered faces whose duplicates and retakes are known."""

from __future__ import annotations

import numpy as np
import pytest

from data.faces import Faces
from data.rendering.demo_faces import Flaws, demo_faces


@pytest.fixture(scope="session")
def demo() -> tuple[Faces, Flaws]:
    return demo_faces(160, np.random.SeedSequence(0), (0.0, 0.0))
