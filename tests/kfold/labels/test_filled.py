from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from data.faces import Faces
from kfold.labels.filled import find_filled

ROWS = 300


@pytest.fixture
def faces():
    """Faces whose first half has nearly all labels, the second half four; a few are missing."""
    rng = np.random.default_rng(0)
    keypoints = rng.normal(48, 4, (ROWS, 15, 2)).astype(np.float32)
    keypoints[ROWS // 2 :, 4:] = np.nan
    keypoints[rng.random((ROWS, 15)) < 0.02] = np.nan
    keypoints[0] = 48 + rng.normal(0, 4, (15, 2))
    images = rng.integers(256, size=(ROWS, 96, 96)).astype(np.uint8)
    return Faces(images, keypoints, np.arange(100, 100 + ROWS), np.ones(ROWS, np.int8))


def table(faces: Faces) -> pd.DataFrame:
    return pd.DataFrame(faces.keypoints.reshape(len(faces), -1))


def labelled(faces: Faces, labels: pd.DataFrame) -> Faces:
    return replace(faces, keypoints=labels.to_numpy(np.float32).reshape(-1, 15, 2))


def by_annotator(labels: pd.DataFrame) -> pd.DataFrame:
    """Means of each half of the rows; of all rows where a half has no label."""
    half = np.arange(ROWS) < ROWS // 2
    means = labels.groupby(half).transform("mean")
    return labels.fillna(means).fillna(labels.mean())


FILLED = {
    "forward": (lambda t: t.ffill(), "the previous row's, of another image, as with `ffill`"),
    "mean": (lambda t: t.fillna(t.mean()), "one and the same position"),
    "median": (lambda t: t.fillna(t.median()), "one and the same position"),
    "zero": (lambda t: t.fillna(0), "one and the same position"),
}


@pytest.mark.parametrize("way", FILLED)
def test_filled_labels_are_found_with_their_number_and_first_row(faces, way):
    fill, kind = FILLED[way]
    missing = np.isnan(faces.keypoints[..., 0])
    (found,) = find_filled(labelled(faces, fill(table(faces))))
    # A keypoint with fewer than 10 filled labels has no constant.
    assert found.count == pytest.approx(missing.sum(), rel=0.0 if way == "forward" else 0.02)
    assert kind in found.kind
    assert found.row == 100 + np.flatnonzero(missing.any(axis=1))[0]
    assert str(found).startswith(f"{found.count:,} labels were probably filled in: they equal")
    assert f"(first in row {found.row}, counted from 0)" in str(found)


@pytest.mark.parametrize("way", FILLED)
def test_filled_labels_are_found_among_whole_pixels(faces, way):
    before = table(faces).round()
    found = find_filled(labelled(faces, FILLED[way][0](before)))
    missing = before.isna().to_numpy().sum() / 2
    assert sum(kind.count for kind in found) == pytest.approx(missing, rel=0.05)


def test_filling_by_means_of_each_annotator_is_found(faces):
    (found,) = find_filled(labelled(faces, by_annotator(table(faces))))
    assert "one and the same position" in found.kind
    assert found.count > 0.95 * np.isnan(faces.keypoints[..., 0]).sum()


def test_few_labels_filled_forward_are_found_among_many(faces):
    first = faces[: ROWS // 2]
    missing = np.isnan(first.keypoints[..., 0]).sum()
    assert missing < 0.03 * first.labelled.size
    (found,) = find_filled(labelled(first, table(first).ffill()))
    assert found.count == missing


@pytest.mark.parametrize("decimals", [3, 1, 0])
def test_true_labels_are_not_named(faces, decimals):
    assert find_filled(labelled(faces, table(faces).round(decimals))) == []
    for rows in (slice(0), slice(1), slice(2), slice(20)):
        assert find_filled(faces[rows]) == []


def test_labels_of_repeated_images_are_not_named(faces):
    assert find_filled(faces[np.repeat(np.arange(ROWS), 3)]) == []


def test_a_keypoint_without_labels_is_no_fault(faces):
    faces.keypoints[:, 7] = np.nan
    assert find_filled(faces) == []


def test_faces_that_are_all_alike_do_not_fail(faces):
    same = replace(faces, keypoints=np.full_like(faces.keypoints, 48))
    assert find_filled(same)
