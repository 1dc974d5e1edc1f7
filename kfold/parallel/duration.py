"""About how long trainings take here, from their arithmetic and the speed of this machine."""

from __future__ import annotations

import time
from collections.abc import Iterable

import numpy as np

from data.competition import IMAGE_SIZE
from kfold.config.architecture import multiply_adds
from kfold.config.recipe import LOW_RES_SIZE, Recipe
from kfold.parallel.jobs import uses_gpu

SHARE_OF_PEAK = 0.4
"""Arithmetic of trainings in the time of a whole `make cv`, relative to matrix products. Trainings
reach half (`tests/bench/README.md`); the rest of the time starts, evaluates and predicts."""

_MATRIX, _PRODUCTS = 2048, 3
_LITTLE = 10_000.0  # GFLOP, about a minute or less


def training_gflop(trainings: Iterable[tuple[Recipe, int]]) -> float | None:
    """Arithmetic of trainings in GFLOP, each a recipe and its number of training rows.

    None if there is a network whose arithmetic is not counted.
    """
    total = 0.0
    for recipe, rows in trainings:
        if recipe.network != "heatmap":
            return None
        saved = 1 - (LOW_RES_SIZE / IMAGE_SIZE) ** 2
        images = rows * recipe.epochs * (1 - saved * recipe.low_res_share)
        # A multiplication and an addition, in the forward pass and in both gradients.
        total += 6e-9 * multiply_adds(recipe.architecture) * images
    return total


def expected_minutes(trainings: Iterable[tuple[Recipe, int]]) -> float | None:
    """About how many minutes trainings take here, on all cores; see `training_gflop`.

    None if that is unknown, as on a GPU, or little.
    """
    gflop = None if uses_gpu() else training_gflop(trainings)
    if gflop is None or gflop < _LITTLE:
        return None
    return gflop / (SHARE_OF_PEAK * peak_gflops()) / 60


def peak_gflops() -> float:
    """GFLOP/s of this machine's float32 matrix products, the best of three; less than a second."""
    matrix, seconds = np.ones((_MATRIX, _MATRIX), np.float32), []
    for _ in range(_PRODUCTS):
        start = time.perf_counter()
        matrix @ matrix
        seconds.append(time.perf_counter() - start)
    return 2e-9 * _MATRIX**3 / min(seconds)
