from dataclasses import replace

import numpy as np
import pytest

from data.rendering.demo_faces import demo_faces
from kfold.config.recipe import MODELS
from kfold.models.registry import build_model
from kfold.parallel import duration
from kfold.parallel.duration import (
    SHARE_OF_PEAK,
    expected_minutes,
    peak_gflops,
    training_gflop,
)
from tests.bench.training import gflop

HEATMAP = MODELS["heatmap"]


def test_a_training_costs_three_forward_passes_of_each_image_it_sees():
    faces, _ = demo_faces(20, np.random.SeedSequence(0), (0.0, 0.0))
    forward = gflop(build_model(HEATMAP), faces)
    plain = replace(HEATMAP, epochs=7, low_res_share=0.0)
    assert training_gflop(plain, 100) == pytest.approx(3 * forward * 700, rel=0.01)
    # Half of the epochs on images with 4/9 of the pixels.
    half = replace(plain, low_res_share=0.5)
    expected = 3 * forward * 700 * (1 + 4 / 9) / 2
    assert training_gflop(half, 100) == pytest.approx(expected, rel=0.01)


def test_longer_trainings_take_longer_and_unknown_ones_are_not_guessed(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    once = expected_minutes([(HEATMAP, 5000, 1.0)])
    assert once is not None
    assert expected_minutes([(HEATMAP, 5000, 1.0)] * 20) > 5 * once
    assert expected_minutes([(HEATMAP, 5000, 1.0), (MODELS["mask"], 5000, 1.0)]) is None
    assert expected_minutes([(HEATMAP, 5, 1.0)]) is None


def test_trainings_in_bfloat16_take_less_time(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr(duration, "peak_gflops", lambda: 200.0)
    monkeypatch.setattr(duration, "bfloat16_feature", lambda: "amx_bf16")
    alone = (replace(HEATMAP, precision="float32"), 5000, 1.0)
    single = expected_minutes([alone])
    mixed = expected_minutes([(HEATMAP, 5000, 1.0)])
    both = [alone, (HEATMAP, 5000, 1.0)]
    assert expected_minutes(both) == pytest.approx(single + mixed)
    assert expected_minutes([(HEATMAP, 5000, 0.5)]) == pytest.approx(2 * mixed)
    assert mixed / single == pytest.approx(SHARE_OF_PEAK[None] / SHARE_OF_PEAK["amx_bf16"])


def test_the_peak_is_that_of_matrix_products():
    assert 1 < peak_gflops() < 1e5
