import albumentations as A
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.pipeline import augment_faces
from augment.policies import POLICIES, Policy
from data.system.errors import UserError

PROBABILITY = st.floats(0, 1)
SCALE = st.tuples(st.floats(0.2, 1), st.floats(1, 5))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"flip": 1.5}, "flip: expected a number from 0 to 1; found 1.5"),
        ({"warp": -0.1}, "warp: expected a number from 0 to 1; found -0.1"),
        ({"photometric": "0.5"}, "photometric: expected a number from 0 to 1; found '0.5'"),
        ({"blur_noise": float("nan")}, "blur_noise: expected a number from 0 to 1; found nan"),
        ({"coarse_dropout": None}, "coarse_dropout: expected a number from 0 to 1; found None"),
        ({"rotate": -10}, "rotate: expected a number from 0 to 180; found -10"),
        ({"rotate": (-10, 10)}, r"rotate: .* found \(-10, 10\)"),
        ({"shift": float("inf")}, "shift: expected a number from 0 to 96; found inf"),
        ({"perspective": 24}, "perspective: expected a number from 0 to 23.7; found 24"),
        ({"perspective": 12, "scale": (0.5, 1)}, "perspective: .* 0 to 11.8; found 12"),
        ({"scale": 1.2}, "scale: expected two positive numbers, the smaller first, .* found 1.2"),
        ({"scale": (1.2, 0.8)}, r"scale: .* found \(1.2, 0.8\)"),
        ({"scale": (0, 1)}, r"scale: .* found \(0, 1\)"),
        ({"scale": (1, float("inf"))}, r"scale: .* found \(1, inf\)"),
        ({"scale": (0.9, 1, 1.1)}, "scale: "),
        ({"scale": ("0.9", "1.1")}, "scale: "),
        ({"scale": [0.9, 1.1]}, r"scale: .* found \[0.9, 1.1\]"),
        (
            {"transforms": [A.Blur()]},
            r"transforms: expected a tuple such as \(A.Blur\(\),\); found 'list'",
        ),
        ({"transforms": A.Blur()}, "transforms: expected a tuple .* found 'Blur'"),
    ],
)
def test_a_value_out_of_range_is_refused_by_its_field(values, message):
    with pytest.raises(UserError, match=f"^augmentation policy: {message}"):
        Policy(**values)


@given(
    st.builds(
        Policy,
        flip=PROBABILITY,
        warp=PROBABILITY,
        rotate=st.floats(0, 180),
        scale=SCALE,
        shift=st.floats(0, 96) | st.integers(0, 96),
        perspective=st.floats(0, 4),
        photometric=PROBABILITY,
        blur_noise=PROBABILITY,
        coarse_dropout=PROBABILITY,
    ),
    st.integers(0, 1000),
)
def test_every_policy_in_range_augments(faces, policy, seed):
    first = faces[:2]
    images, keypoints, _ = augment_faces(first.images, first.keypoints, policy, seed)
    assert (images.shape, keypoints.shape) == (first.images.shape, first.keypoints.shape)
    assert not np.isfinite(keypoints[np.isnan(first.keypoints).all(axis=1).all(axis=1)]).any()


def test_rules_name_what_differs_and_the_transforms():
    policy = Policy(flip=0.5, scale=(0.9, 1.1), transforms=(A.Blur(), A.OneOf([A.CLAHE()])))
    assert policy.rules == "flip 0.5, scale (0.9, 1.1), Blur, OneOf"
    assert Policy().rules == ""
    assert POLICIES["flip"].rules == "flip 0.5"


def test_a_policy_is_equal_to_another_with_the_same_objects():
    blur = A.Blur()
    assert (
        Policy(transforms=(blur,)) == Policy(transforms=(blur,)) != Policy(transforms=(A.Blur(),))
    )
    assert len({Policy(transforms=(blur,)), Policy(transforms=(blur,)), Policy()}) == 2
