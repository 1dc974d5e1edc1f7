"""Keypoints are where the pixels show them, in any pose."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.competition import IMAGE_SIZE, KEYPOINTS, MIRROR
from data.rendering.geometry import cast_rays, intersect_head, project
from data.rendering.parameters import FaceParameters, landmarks_of
from data.rendering.renderer import MARGIN, keypoints_of, random_face, render_face

SIDEWAYS = ("yaw", "roll", "light_x", "parting", "gaze_u", "smirk")
seeds = st.integers(0, 2**31)


def clean(face: FaceParameters) -> FaceParameters:
    """The same face without noise, glasses and beard, eyes open, looking at the camera."""
    plain = dict.fromkeys(("sensor_noise", "glasses", "beard", "balding", "gaze_u", "gaze_v"), 0.0)
    return replace(face, **plain, eye_open=1.0, blur=0.3, iris=0.05, scale=33.0)


def faces(count: int) -> list[FaceParameters]:
    return [random_face(np.random.default_rng(seed)) for seed in range(count)]


def image_of(face: FaceParameters) -> np.ndarray:
    return render_face(np.random.default_rng(0), face)[0]


def patch(image: np.ndarray, centre: np.ndarray, radius: int) -> np.ndarray:
    column, row = np.rint(centre).astype(int)
    box = image[row - radius : row + radius + 1, column - radius : column + radius + 1]
    return box.astype(float)


def test_same_seed_same_face() -> None:
    image, keypoints = render_face(np.random.default_rng(7))
    again, same_keypoints = render_face(np.random.default_rng(7))
    other, _ = render_face(np.random.default_rng(8))
    assert image.shape == (IMAGE_SIZE, IMAGE_SIZE)
    assert image.dtype == np.uint8
    assert keypoints.shape == (2, len(KEYPOINTS), 2)
    assert keypoints.dtype == np.float32
    np.testing.assert_array_equal(image, again)
    np.testing.assert_array_equal(keypoints, same_keypoints)
    assert (image != other).mean() > 0.5


@given(seeds)
def test_random_faces_keep_their_keypoints_inside(seed: int) -> None:
    first, second = keypoints_of(random_face(np.random.default_rng(seed)))
    assert first.min() >= MARGIN
    assert first.max() <= IMAGE_SIZE - 1 - MARGIN
    assert np.isfinite(second).all(axis=1).sum() == 4


@given(seeds)
def test_the_camera_shows_each_landmark_at_its_keypoint(seed: int) -> None:
    face = random_face(np.random.default_rng(seed))
    points = np.concatenate([np.atleast_2d(mark) for mark in vars(landmarks_of(face)).values()])
    visible, _, inside = intersect_head(face, cast_rays(face, project(face, points)))
    assert (inside > 0).all()
    assert np.abs(visible[:2].T - points).max() * face.scale < 0.25


@given(seeds, st.floats(-20, 20), st.floats(-20, 20), st.floats(0.5, 2), st.floats(-1, 1))
def test_keypoints_move_with_the_image(
    seed: int, dx: float, dy: float, scale: float, angle: float
) -> None:
    face = random_face(np.random.default_rng(seed))
    moved = replace(
        face, x=face.x + dx, y=face.y + dy, scale=face.scale * scale, roll=face.roll + angle
    )
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    centre = np.array([face.x, face.y])
    expected = (keypoints_of(face) - centre) @ rotation.T * scale + centre + [dx, dy]
    np.testing.assert_allclose(keypoints_of(moved), expected, atol=1e-3)


def test_pixels_move_with_the_keypoints() -> None:
    for face in map(clean, faces(10)):
        moved = replace(face, x=face.x + 3, y=face.y - 2)
        for before, after in zip(keypoints_of(face)[0], keypoints_of(moved)[0], strict=True):
            np.testing.assert_allclose(after - before, [3, -2], atol=1e-4)
        eye, moved_eye = keypoints_of(face)[0, 0], keypoints_of(moved)[0, 0]
        np.testing.assert_allclose(
            patch(image_of(moved), moved_eye, 6), patch(image_of(face), eye, 6), atol=2
        )


def test_pupils_are_the_darkest_spots_near_the_eye_centres() -> None:
    misses = []
    for face in map(clean, faces(20)):
        image, keypoints = render_face(np.random.default_rng(0), replace(face, yaw=0.0, pitch=0.0))
        for eye in keypoints[0, :2]:
            box = patch(image, eye, 3)
            darkness = np.clip(np.percentile(box, 20) - box, 0, None)
            rows, columns = np.indices(box.shape) - 3
            spot = np.array([(darkness * columns).sum(), (darkness * rows).sum()]) / darkness.sum()
            misses.append(np.rint(eye) + spot - eye)
    assert np.abs(np.mean(misses, axis=0)).max() < 0.35
    assert np.linalg.norm(misses, axis=1).max() < 1


def test_a_mirrored_face_has_mirrored_keypoints_and_pixels() -> None:
    for face in map(clean, faces(10)):
        mirrored = replace(
            face,
            x=IMAGE_SIZE - 1 - face.x,
            **{name: -getattr(face, name) for name in SIDEWAYS},
        )
        expected = keypoints_of(face)[:, list(MIRROR)]
        expected[..., 0] = IMAGE_SIZE - 1 - expected[..., 0]
        np.testing.assert_allclose(keypoints_of(mirrored), expected, atol=1e-3)
        middle, flipped = expected[0].mean(axis=0), image_of(face)[:, ::-1]
        drawn = patch(image_of(mirrored), middle, 15)
        left, same, right = (
            np.abs(patch(np.roll(flipped, shift, axis=1), middle, 15) - drawn).mean()
            for shift in (-1, 0, 1)
        )
        assert same < min(5, left, right)


def test_left_is_the_subjects_left() -> None:
    for face in faces(20):
        first = keypoints_of(replace(face, yaw=0.0, roll=0.0))[0]
        for k, name in enumerate(KEYPOINTS):
            if name.startswith("left") or "_left_" in name:
                assert first[k, 0] > first[MIRROR[k], 0]


def test_the_second_annotator_labels_other_points() -> None:
    typical = [keypoints_of(replace(face, pitch=0.0, scale=38.0)) for face in faces(30)]
    first, second = np.swapaxes(typical, 0, 1)
    shared = [k for k, name in enumerate(KEYPOINTS) if np.isfinite(second[0, k]).all()]
    names = [KEYPOINTS[k] for k in shared]
    lower = np.mean(second[:, shared, 1] - first[:, shared, 1], axis=0)
    assert names == [n for n in KEYPOINTS if n.endswith(("eye_center", "nose_tip", "bottom_lip"))]
    assert lower == pytest.approx([0, 0, 8, -5], abs=1.5)
