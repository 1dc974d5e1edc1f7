import pytest

from data.system import processor


@pytest.mark.parametrize(
    ("listed", "feature"),
    [
        ("flags : fpu avx512f avx512_bf16 amx_bf16\n", "amx_bf16"),
        ("flags : fpu avx512f avx512_bf16 sha\n", "avx512_bf16"),
        ("flags : fpu avx2 avx512f avx512_bf16x\n", None),
        (None, None),
    ],
)
def test_bfloat16_is_read_from_the_features_that_linux_lists(
    listed, feature, tmp_path, monkeypatch
):
    path = tmp_path / "cpuinfo"
    if listed:
        path.write_text(listed)
    monkeypatch.setattr(processor, "FEATURES", path)
    assert processor.bfloat16_feature.__wrapped__() == feature
