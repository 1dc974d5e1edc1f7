import numpy as np
import pytest

from augment.pipeline import augment_faces
from augment.policies import POLICIES, Policy
from data.competition import IMAGE_SIZE


def augmented(faces, policy, seed=0):
    return augment_faces(faces.images, faces.keypoints, policy, seed)[:2]


@pytest.mark.parametrize("name", POLICIES)
def test_the_result_depends_on_the_arguments_only_and_they_are_not_changed(faces, name):
    before = faces.images.copy(), faces.keypoints.copy()
    policy = POLICIES[name]
    first = augmented(faces, policy, 7)
    other = augmented(faces, policy, 8)
    for once, again in zip(first, augmented(faces, policy, 7), strict=True):
        np.testing.assert_array_equal(once, again)
    assert name == "none" or not np.array_equal(first[0], other[0])
    np.testing.assert_array_equal(faces.images, before[0])
    np.testing.assert_array_equal(faces.keypoints, before[1])


@pytest.mark.parametrize("name", POLICIES)
def test_shapes_types_and_ranges(faces, name):
    images, keypoints = augmented(faces, POLICIES[name])
    assert (images.shape, images.dtype) == (faces.images.shape, np.uint8)
    assert (keypoints.shape, keypoints.dtype) == (faces.keypoints.shape, np.float32)
    labelled = np.isfinite(keypoints)
    assert (labelled.all(axis=-1) == labelled.any(axis=-1)).all()
    assert (keypoints[labelled] >= -1).all()
    assert (keypoints[labelled] <= IMAGE_SIZE).all()
    assert (labelled.all(-1).sum(axis=1) <= faces.labelled.sum(axis=1)).all()


def test_none_returns_copies(faces):
    images, keypoints = augmented(faces, POLICIES["none"])
    np.testing.assert_array_equal(images, faces.images)
    np.testing.assert_array_equal(keypoints, faces.keypoints)
    assert not np.shares_memory(images, faces.images)
    assert not np.shares_memory(keypoints, faces.keypoints)


def test_flip_mirrors_half_of_the_faces_and_leaves_the_others(faces):
    images, keypoints = augmented(faces, POLICIES["flip"])
    same = (images == faces.images).all(axis=(1, 2))
    assert 0.25 < same.mean() < 0.75
    np.testing.assert_array_equal(images[~same], faces.images[~same, :, ::-1])
    np.testing.assert_array_equal(keypoints[same], faces.keypoints[same])


def test_a_keypoint_outside_the_image_loses_its_label(faces):
    centre = (IMAGE_SIZE - 1) / 2
    expected = centre + 2 * (faces.keypoints - centre)
    outside = ~((expected >= -1) & (expected <= IMAGE_SIZE)).all(axis=-1)
    expected[outside] = np.nan
    _, keypoints = augmented(faces, Policy(warp=1, scale=(2, 2)))
    np.testing.assert_allclose(keypoints, expected, atol=1e-3)
    assert outside[faces.labelled].any()


def test_other_than_geometric_augmentation_moves_no_keypoint(faces):
    policy = Policy(photometric=1, blur_noise=1, coarse_dropout=1)
    images, keypoints = augmented(faces, policy)
    np.testing.assert_array_equal(keypoints, faces.keypoints)
    assert (images != faces.images).any(axis=(1, 2)).all()


def test_mirrored_faces_are_flagged(faces):
    images, _, mirrored = augment_faces(faces.images, faces.keypoints, Policy(flip=0.5), 0)
    assert 0 < mirrored.sum() < len(faces)
    np.testing.assert_array_equal(images[mirrored], faces.images[mirrored][..., ::-1])
    np.testing.assert_array_equal(images[~mirrored], faces.images[~mirrored])


def test_transforms_draw_independently(faces):
    policy = Policy(flip=0.5, warp=0.5, shift=9)
    first = faces[:1]
    changed = [augmented(first, policy, seed)[0] for seed in range(100)]
    neither = sum(np.array_equal(image, first.images) for image in changed)
    mirrored = sum(np.array_equal(image, first.images[..., ::-1]) for image in changed)
    # A quarter each; if the two draws were the same, half and none.
    assert 10 <= neither <= 40
    assert 10 <= mirrored <= 40


def test_no_faces_make_no_faces(faces):
    images, keypoints = augmented(faces[:0], POLICIES["standard"])
    assert len(images) == len(keypoints) == 0
