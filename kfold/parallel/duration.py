"""About how long trainings take here, from their arithmetic and the speed of this machine."""

from __future__ import annotations

import time
from collections.abc import Iterable

import numpy as np

from data.competition import IMAGE_SIZE
from data.system.processor import bfloat16_feature
from kfold.config.arithmetic import multiply_adds
from kfold.config.recipe import LOW_RES_SIZE, Precision, Recipe
from kfold.parallel.jobs import uses_gpu
from kfold.runs.versions import backend

SHARE_OF_PEAK = {None: 0.4, "avx512_bf16": 0.5, "amx_bf16": 0.7}
"""Arithmetic of trainings in the time of a whole `make cv`, relative to matrix products of float32
numbers, by the feature for bfloat16 that they use. Trainings reach more (`tests/bench/README.md`);
the rest of the time starts, evaluates and predicts."""

_MATRIX, _PRODUCTS = 2048, 3
_LITTLE = 10_000.0  # GFLOP, about a minute or less


def training_gflop(recipe: Recipe, rows: int) -> float | None:
    """Arithmetic in GFLOP of a training on so many rows; None if the network's is not counted."""
    forward = multiply_adds(recipe)
    if forward is None:
        return None
    saved = 1 - (LOW_RES_SIZE / IMAGE_SIZE) ** 2
    images = rows * recipe.epochs * (1 - saved * recipe.low_res_share)
    # A multiplication and an addition, in the forward pass and in both gradients.
    return 6e-9 * forward * images


def expected_minutes(trainings: Iterable[tuple[Recipe, int, float]]) -> float | None:
    """About how many minutes trainings take here, one after the other; None if unknown or little.

    It is unknown on a GPU.

    Args:
        trainings: of each the recipe, the number of rows, and the share of the cores, 0 to 1, that
            it and those beside it keep busy.
    """
    total = at_peak = 0.0
    for recipe, rows, share in trainings:
        gflop = training_gflop(recipe, rows)
        if gflop is None or uses_gpu():
            return None
        total += gflop
        at_peak += gflop / _share_of_peak(recipe.precision) / share
    return at_peak / peak_gflops() / 60 if total >= _LITTLE else None


def _share_of_peak(precision: Precision) -> float:
    bfloat16 = precision != "float32" and backend() == "tensorflow"
    return SHARE_OF_PEAK[bfloat16_feature() if bfloat16 else None]


def peak_gflops() -> float:
    """GFLOP/s of this machine's float32 matrix products, the best of three; less than a second."""
    matrix, seconds = np.ones((_MATRIX, _MATRIX), np.float32), []
    for _ in range(_PRODUCTS):
        start = time.perf_counter()
        matrix @ matrix
        seconds.append(time.perf_counter() - start)
    return 2e-9 * _MATRIX**3 / min(seconds)
