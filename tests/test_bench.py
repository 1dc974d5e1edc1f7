"""What `make bench` counts; no test depends on its times."""

import numpy as np
import pytest

from data.rendering.demo_faces import demo_faces
from kfold.config.arithmetic import multiply_adds
from kfold.config.recipe import MAP_NETWORKS, MODELS
from kfold.models.registry import build_model
from tests.bench.profile import profile
from tests.bench.training import gflop

CALL = "onednn_verbose,v1,primitive,exec,cpu"
OUTPUT = f"""Epoch 1/3
{CALL},convolution,brg_conv_fwd:avx512_core,forward_training,src:f32::blocked:acdb::f0 dst:f32,\
,alg:convolution_direct,mb32_ic48oc16_ih24oh12kh3sh2dh0ph0_iw24ow12kw3sw2dw0pw0,1.5
{CALL},convolution,jit:avx512_core,backward_weights,src:f32::blocked:acdb::f0 dst:f32,\
,alg:convolution_direct,mb32_ic48oc16_ih24oh12kh3sh2dh0ph0_iw24ow12kw3sw2dw0pw0,2
{CALL},gemm_api,,undef,src_f32::blocked:ab:f0 dst_f32::blocked:ab:f0,,,96x96:96x96,2.5e-1
{CALL},reorder,jit:uni,undef,src:f32::blocked:ab::f0 dst:f32::blocked:ba::f0,,,48x216,0.25
"""


@pytest.mark.parametrize("model", MAP_NETWORKS)
def test_operations_agree_with_those_that_a_search_counts(model):
    faces, _ = demo_faces(20, np.random.SeedSequence(0), (0.0, 0.0))
    counted = 2e-9 * multiply_adds(MODELS[model])
    assert gflop(build_model(MODELS[model]), faces) == pytest.approx(counted, rel=0.01)


def test_calls_are_summed_by_kind():
    operations = 2e-9 * 32 * 48 * 16 * 12 * 12 * 3 * 3
    assert profile(OUTPUT) == pytest.approx(
        {
            "convolutions, forward": 1.5e-3,
            "convolutions, forward in GFLOP": operations,
            "convolutions, gradient of weights": 2e-3,
            "convolutions, gradient of weights in GFLOP": operations,
            "matrix products": 0.25e-3,
            "other oneDNN calls": 0.25e-3,
        }
    )
