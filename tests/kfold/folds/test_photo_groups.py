from __future__ import annotations

import numpy as np
import pytest

from data.faces import Faces
from data.rendering.demo_faces import Flaws
from kfold.folds.photo_groups import photo_groups, repeated_photos
from tests.kfold.folds.smooth_images import crop, smooth


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
    np.testing.assert_array_equal(found.labels, found.labels[flaws.source])
    assert len(np.unique(found.labels)) == len(np.unique(flaws.source))
    assert found.similar == flaws.retaken.sum()
    np.testing.assert_array_equal(photo_groups(faces.images, flaws.source).labels, found.labels)
    assert photo_groups(faces.images, np.arange(len(faces))).similar == 0


def test_test_photographs_that_repeat_training_are_counted() -> None:
    images = smooth(6, seed=5)
    train = np.stack([crop(image) for image in images[:3]])
    test = np.stack([crop(images[0], dx=1), crop(images[2]), *map(crop, images[3:])])
    assert repeated_photos(train, test) == 2
