import numpy as np
import pytest

from data.rendering.demo_faces import demo_faces
from kfold.labels.duplicates import find_duplicates, same_annotator_pairs

COUNT = 60


@pytest.fixture(scope="module")
def rendered():
    """Faces of which some are copies, and others retakes, of another row's."""
    return demo_faces(COUNT, np.random.SeedSequence(5), (0.0, 0.0))


def test_identical_images_are_found(rendered):
    faces, flaws = rendered
    duplicates = find_duplicates(faces, np.arange(COUNT))
    copies = (flaws.source != np.arange(COUNT)) & ~flaws.retaken
    assert duplicates.copies == copies.sum() > 0
    assert duplicates.sizes.sum() == COUNT
    for rows in duplicates.identical:
        assert len({faces.images[row].tobytes() for row in rows}) == 1


def test_similar_images_are_found_within_groups(rendered):
    faces, flaws = rendered
    duplicates = find_duplicates(faces, flaws.source)
    assert duplicates.versions == flaws.retaken.sum() > 0
    for rows in duplicates.similar:
        assert len(rows) > 1
        assert len(set(flaws.source[rows])) == 1


def test_pairs_are_of_one_image_and_one_annotator(rendered):
    faces, _ = rendered
    own = faces[np.r_[0, 0, 0, COUNT - 1]]
    own.annotator[2] = 2
    duplicates = find_duplicates(own, np.arange(4))
    assert same_annotator_pairs(own, duplicates.identical) == [(0, 1)]
