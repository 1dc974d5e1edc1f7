import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from data.image_tables import parse_pixels


@given(st.integers(0, 2**32 - 1), st.integers(0, 255))
def test_pixels_survive_the_round_trip_through_text(seed, largest):
    pixels = np.random.default_rng(seed).integers(0, largest + 1, 9216)
    text = " ".join(map(str, pixels)).encode()
    np.testing.assert_array_equal(parse_pixels(text, "here").ravel(), pixels)
