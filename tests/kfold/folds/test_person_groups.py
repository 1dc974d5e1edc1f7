from __future__ import annotations

import cv2
import numpy as np
import pytest

from data.competition import IMAGE_SIZE, KEYPOINTS
from data.faces import Faces
from data.rendering.demo_faces import Flaws
from kfold.folds.assignment import assign_folds
from kfold.folds.person_groups import MIN_PHOTOS, person_groups
from kfold.folds.photo_groups import Groups, photo_groups
from tests.kfold.folds.smooth_images import crop, faces_of, random_labels, smooth


@pytest.fixture(scope="module")
def groups(demo: tuple[Faces, Flaws]) -> Groups:
    return person_groups(demo[0])


def test_persons_of_the_demo_stay_together_and_do_not_chain(
    demo: tuple[Faces, Flaws], groups: Groups
) -> None:
    faces, flaws = demo
    np.testing.assert_array_equal(groups.labels, groups.labels[flaws.source])
    sizes = np.bincount(groups.labels)
    assert sizes.max() <= 12
    assert len(sizes) >= len(faces) / 4


def test_the_same_faces_give_the_same_groups(demo: tuple[Faces, Flaws], groups: Groups) -> None:
    np.testing.assert_array_equal(person_groups(demo[0]).labels, groups.labels)


def test_folds_keep_persons_together(demo: tuple[Faces, Flaws], groups: Groups) -> None:
    faces, flaws = demo
    folds = assign_folds(groups.labels, faces.annotator, 3)
    np.testing.assert_array_equal(folds, folds[flaws.source])


def test_a_person_in_another_frame_and_light_is_recognised(demo: tuple[Faces, Flaws]) -> None:
    faces, flaws = demo
    kept = faces[flaws.source == np.arange(len(faces))]
    turn = cv2.getRotationMatrix2D((48, 48), 12, 0.85)
    again = np.stack(
        [
            cv2.warpAffine(image, turn, image.shape, borderMode=cv2.BORDER_REPLICATE) // 2
            for image in kept.images[:30]
        ]
    )
    points = (kept.keypoints[:30] @ turn[:, :2].T + turn[:, 2]).astype(np.float32)
    images, keypoints = np.r_[kept.images, again], np.r_[kept.keypoints, points]
    assert photo_groups(images).similar == 0, "the photographs alone are not similar"
    labels = person_groups(faces_of(images, keypoints)).labels
    assert np.mean(labels[len(kept) :] == labels[:30]) > 0.8


def test_faces_without_labels_are_grouped_too() -> None:
    images = np.stack([crop(image) for image in smooth(MIN_PHOTOS + 8, seed=4)])
    images[1] = images[0]
    labels = random_labels(len(images), np.random.default_rng(0))
    labels[::2] = np.nan
    found = person_groups(faces_of(images, labels))
    assert found.labels[0] == found.labels[1]
    assert found.identical == 1


def test_blank_images_and_coinciding_labels_are_accepted() -> None:
    images = np.stack([crop(image) for image in smooth(2 * MIN_PHOTOS, seed=4)])
    images[:MIN_PHOTOS] = np.arange(MIN_PHOTOS, dtype=np.uint8)[:, None, None]
    labels = np.full((len(images), len(KEYPOINTS), 2), 40, np.float32)
    found = person_groups(faces_of(images, labels))
    assert found.similar == 0
    assert len(np.unique(found.labels[MIN_PHOTOS:])) > MIN_PHOTOS / 2


@pytest.mark.parametrize("count", [1, 3])
def test_few_faces_are_grouped_by_photograph(count: int) -> None:
    images = np.zeros((count, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    labels = random_labels(count, np.random.default_rng(0))
    found = person_groups(faces_of(images, labels))
    assert isinstance(found, Groups)
    assert found.labels.tolist() == [0] * count
    assert found.identical == count - 1
