import numpy as np
import pytest
from PIL import Image

from data.system.errors import UserError
from kfold.inference.photos import name_targets, read_photo


@pytest.mark.parametrize("name", ["gray.png", "gray.tif"])
def test_gray_values_of_16_bits_are_scaled_to_8(tmp_path, name):
    gray = np.linspace(0, 2**16 - 1, 100).astype(np.uint16).reshape(10, 10)
    Image.fromarray(gray).save(tmp_path / name)
    read = np.asarray(read_photo(tmp_path / name).convert("L"))
    np.testing.assert_allclose(read, gray / 257, atol=1)


def test_two_photos_with_one_target_are_refused(tmp_path):
    photos = [tmp_path / "a.jpg", tmp_path / "a.png"]
    with pytest.raises(UserError, match=r"a\.png is already the drawing of .*a\.jpg"):
        name_targets(photos, tmp_path / "out")
