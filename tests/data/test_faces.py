import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from data.competition import IMAGE_SIZE, KEYPOINTS, SECOND_ANNOTATOR
from data.faces import Faces, infer_annotators, mirror_keypoints

POINTS = arrays(
    np.float32,
    (3, len(KEYPOINTS), 2),
    elements=st.floats(0, IMAGE_SIZE - 1, width=32) | st.just(float("nan")),
)


@given(POINTS)
def test_mirroring_keypoints_twice_is_the_identity(keypoints):
    np.testing.assert_allclose(mirror_keypoints(mirror_keypoints(keypoints)), keypoints, atol=1e-4)


def test_mirroring_swaps_names_and_keeps_heights():
    keypoints = np.full((1, len(KEYPOINTS), 2), np.nan, np.float32)
    keypoints[0, KEYPOINTS.index("left_eye_center")] = 60, 30
    mirrored = mirror_keypoints(keypoints)
    np.testing.assert_array_equal(mirrored[0, KEYPOINTS.index("right_eye_center")], [35, 30])
    assert np.isnan(mirrored[0, KEYPOINTS.index("left_eye_center")]).all()


def blank(n=4):
    return {
        "images": np.zeros((n, IMAGE_SIZE, IMAGE_SIZE), np.uint8),
        "keypoints": np.full((n, len(KEYPOINTS), 2), np.nan, np.float32),
        "ids": np.arange(n),
        "annotator": np.ones(n, np.int8),
    }


def test_rows_are_selected_together():
    fields = blank()
    fields["keypoints"][2] = 7
    chosen = Faces(**fields)[np.array([2, 0])]
    assert chosen.ids.tolist() == [2, 0]
    assert chosen.labelled.all(axis=1).tolist() == [True, False]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("images", np.zeros((4, 96, 96), np.float32)),
        ("keypoints", np.zeros((4, 30), np.float32)),
        ("ids", np.arange(3)),
        ("annotator", np.ones(4, np.int64)),
    ],
)
def test_wrong_shapes_and_types_are_refused(field, wrong):
    with pytest.raises(ValueError, match=f"Faces.{field}: expected"):
        Faces(**blank() | {field: wrong})


def test_annotators_are_inferred_from_their_keypoints():
    points = np.zeros((5, len(KEYPOINTS)), bool)
    points[0] = True
    points[1, SECOND_ANNOTATOR] = True
    points[2, SECOND_ANNOTATOR[:3]] = True
    points[3, KEYPOINTS.index("left_eyebrow_outer_end")] = True
    assert infer_annotators(points).tolist() == [1, 2, 2, 1, 1]
