from __future__ import annotations

import cv2
import numpy as np
import pytest

from data.competition import IMAGE_SIZE, KEYPOINTS
from data.demo_faces import Flaws, demo_faces
from data.faces import Faces
from kfold.groups import FEWEST, Groups, person_groups, photo_groups, repeated_photos

ROWS = 240


@pytest.fixture(scope="module")
def demo() -> tuple[Faces, Flaws]:
    return demo_faces(ROWS, np.random.SeedSequence(0), (0.0, 0.0))


def smooth(count: int, seed: int) -> np.ndarray:
    """Random smooth images (count, 96, 96), a few pixels larger so that they can be shifted."""
    size = IMAGE_SIZE + 8
    noise = np.random.default_rng(seed).normal(size=(count, size, size))
    blurred = np.stack([cv2.GaussianBlur(image, (0, 0), 6) for image in noise])
    return np.clip(128 + 40 * blurred / blurred.std(), 0, 255).astype(np.uint8)


def crop(image: np.ndarray, dx: int = 0, dy: int = 0) -> np.ndarray:
    return image[4 + dy : 4 + dy + IMAGE_SIZE, 4 + dx : 4 + dx + IMAGE_SIZE]


def random_labels(count: int, rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(5, 90, (count, len(KEYPOINTS), 2)).astype(np.float32)


def faces_of(images: np.ndarray, keypoints: np.ndarray) -> Faces:
    n = len(images)
    return Faces(images, keypoints, np.arange(n), np.ones(n, np.int8))


def together(labels: np.ndarray, flaws: Flaws) -> np.ndarray:
    return labels == labels[flaws.source]


def noisy(image: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(1).normal(0, 4, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


COPIES = {
    "identical": lambda image: crop(image),
    "right": lambda image: crop(image, dx=1),
    "down": lambda image: crop(image, dy=1),
    "diagonal": lambda image: crop(image, dx=-2, dy=2),
    "darker": lambda image: (crop(image) * 0.7).astype(np.uint8),
    "brighter": lambda image: np.clip(crop(image).astype(int) + 25, 0, 255).astype(np.uint8),
    "noisy": lambda image: noisy(crop(image)),
}


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_joins_its_original_and_nothing_else(name: str) -> None:
    originals = smooth(40, seed=0)
    images = np.stack([*map(crop, originals), COPIES[name](originals[7])])
    found = photo_groups(images)
    assert found.labels[40] == found.labels[7]
    assert len(np.unique(found.labels)) == 40
    assert (found.identical, found.similar) == ((1, 0) if name == "identical" else (0, 1))
    assert str(found).startswith("40 groups, ")


def test_groups_are_closed_under_chains() -> None:
    wide = smooth(1, seed=3)[0]
    chain = np.stack([crop(wide, dx=-4), crop(wide), crop(wide, dx=4)])
    ends = photo_groups(chain[[0, 2]])
    assert len(np.unique(ends.labels)) == 2, "8 pixels apart is too far without a link between"
    assert len(np.unique(photo_groups(chain).labels)) == 1


def test_photographs_of_the_demo_are_found_exactly(demo: tuple[Faces, Flaws]) -> None:
    faces, flaws = demo
    found = photo_groups(faces.images)
    assert together(found.labels, flaws).all()
    assert len(np.unique(found.labels)) == len(np.unique(flaws.source))
    assert found.similar == flaws.retaken.sum()
    np.testing.assert_array_equal(photo_groups(faces.images, flaws.source).labels, found.labels)
    assert photo_groups(faces.images, np.arange(len(faces))).similar == 0


def test_persons_of_the_demo_stay_together_and_do_not_chain(demo: tuple[Faces, Flaws]) -> None:
    faces, flaws = demo
    labels = person_groups(faces).labels
    assert together(labels, flaws).all()
    sizes = np.bincount(labels)
    assert sizes.max() <= 12
    assert len(sizes) >= ROWS / 4


def test_a_person_framed_and_lit_anew_is_recognised(demo: tuple[Faces, Flaws]) -> None:
    faces, flaws = demo
    kept = faces[flaws.source == np.arange(ROWS)]
    turn = cv2.getRotationMatrix2D((48, 48), 12, 0.85)
    again = np.stack(
        [
            cv2.warpAffine(image, turn, image.shape, borderMode=cv2.BORDER_REPLICATE) // 2
            for image in kept.images[:30]
        ]
    )
    points = (kept.keypoints[:30] @ turn[:, :2].T + turn[:, 2]).astype(np.float32)
    images, keypoints = np.r_[kept.images, again], np.r_[kept.keypoints, points]
    assert photo_groups(images).similar == 0, "the photographs alone don't tell"
    labels = person_groups(faces_of(images, keypoints)).labels
    assert np.mean(labels[len(kept) :] == labels[:30]) > 0.8


def test_faces_without_labels_are_grouped_too() -> None:
    images = np.stack([crop(image) for image in smooth(FEWEST + 8, seed=4)])
    images[1] = images[0]
    labels = random_labels(len(images), np.random.default_rng(0))
    labels[::2] = np.nan
    groups = person_groups(faces_of(images, labels))
    assert groups.labels[0] == groups.labels[1]
    assert groups.identical == 1


def test_blank_images_and_coinciding_labels_do_no_harm() -> None:
    images = np.stack([crop(image) for image in smooth(2 * FEWEST, seed=4)])
    images[:FEWEST] = np.arange(FEWEST, dtype=np.uint8)[:, None, None]
    labels = np.full((len(images), len(KEYPOINTS), 2), 40, np.float32)
    groups = person_groups(faces_of(images, labels))
    assert groups.similar == 0
    assert len(np.unique(groups.labels[FEWEST:])) > FEWEST / 2


@pytest.mark.parametrize("count", [1, 3])
def test_few_faces_are_grouped_by_photograph(count: int) -> None:
    images = np.zeros((count, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    labels = random_labels(count, np.random.default_rng(0))
    groups = person_groups(faces_of(images, labels))
    assert isinstance(groups, Groups)
    assert groups.labels.tolist() == [0] * count
    assert groups.identical == count - 1


def test_labels_do_not_depend_on_the_run(demo: tuple[Faces, Flaws]) -> None:
    faces, _ = demo
    np.testing.assert_array_equal(person_groups(faces).labels, person_groups(faces).labels)


def test_test_photographs_that_repeat_training_are_counted() -> None:
    images = smooth(6, seed=5)
    train = np.stack([crop(image) for image in images[:3]])
    test = np.stack([crop(images[0], dx=1), crop(images[2]), *map(crop, images[3:])])
    assert repeated_photos(train, test) == 2
