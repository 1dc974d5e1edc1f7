import csv

import numpy as np
import pytest

from data.competition import KEYPOINTS, MIRROR
from data.faces import Faces
from kfold.report.suspects import rank_suspects, write_suspects


@pytest.fixture
def faces():
    """Labels of 200 faces that lie about their predictions as they should."""
    rng = np.random.default_rng(0)
    keypoints = rng.uniform(20, 75, (200, 15, 2)).astype(np.float32)
    keypoints[100:, 4:] = np.nan
    annotator = np.repeat([1, 2], 100).astype(np.int8)
    return Faces(np.zeros((200, 96, 96), np.uint8), keypoints, np.arange(200), annotator)


@pytest.fixture
def prediction(faces):
    noise = np.random.default_rng(1).normal(0, 1, faces.keypoints.shape)
    return np.nan_to_num(faces.keypoints, nan=40) + noise


def test_planted_errors_come_first_though_predictions_have_heavy_tails(planted):
    faces, wrong = planted.data.train, set(np.flatnonzero(planted.flaws.wrong).tolist())
    errors = np.random.default_rng(2).standard_t(3, faces.keypoints.shape)
    suspects = rank_suspects(faces, np.nan_to_num(planted.clean.keypoints, nan=48) + errors)
    first = {suspect.row for suspect in suspects[: 2 * len(wrong)]}
    assert len(wrong) >= 7
    assert len(wrong & first) >= 0.9 * len(wrong)


def test_good_labels_are_not_suspicious(faces, prediction):
    assert rank_suspects(faces, prediction) == []


def test_exchanged_sides_are_told_and_corrected(faces, prediction):
    right = faces.keypoints[7].copy()
    faces.keypoints[7] = right[list(MIRROR)]
    (suspect,) = rank_suspects(faces, prediction)
    assert suspect.row == 7
    assert "left and right are exchanged" in suspect.reason
    np.testing.assert_array_equal(suspect.corrected, right)


def test_a_moved_row_is_told_with_its_direction(faces, prediction):
    faces.keypoints[150] += [0, -15]
    (suspect,) = rank_suspects(faces, prediction)
    assert suspect.row == 150
    assert suspect.keypoints == ()
    assert suspect.reason.startswith("all 4 labels lie 1")
    assert "px above the prediction" in suspect.reason


def test_a_single_wrong_point_is_named(faces, prediction):
    faces.keypoints[3, 11] += 14
    (suspect,) = rank_suspects(faces, prediction)
    assert suspect.keypoints == (11,)
    assert KEYPOINTS[11].replace("_", " ") in suspect.reason


def test_the_worse_of_two_labels_of_one_photograph_names_the_better(faces, prediction):
    faces.keypoints[5], prediction[5] = faces.keypoints[4], prediction[4]
    faces.keypoints[5, 2] += 20
    (suspect,) = rank_suspects(faces, prediction, [np.array([4, 5])])
    assert suspect.row == 5
    assert "row 4 shows the same photograph with labels 28.3 px away" in suspect.reason


def test_the_file_says_what_to_do_with_each_row_or_label(faces, prediction, tmp_path):
    swapped = faces.keypoints[7].copy()
    faces.keypoints[7] = swapped[list(MIRROR)]
    faces.keypoints[120] = faces.keypoints[120][list(MIRROR)]
    faces.keypoints[150] += [0, -15]
    faces.keypoints[3, 11] += 14
    suspects = rank_suspects(faces, prediction)
    write_suspects(tmp_path / "suspects.csv", suspects, faces)
    with (tmp_path / "suspects.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    by_row = {
        row: [line for line in rows if line["row"] == row] for row in ("3", "7", "120", "150")
    }
    assert [(r["keypoint"], r["action"]) for r in by_row["3"]] == [(KEYPOINTS[11], "drop")]
    assert [(r["keypoint"], r["action"]) for r in by_row["150"]] == [("", "drop")]
    assert [r["keypoint"] for r in by_row["7"]] == list(KEYPOINTS)
    corrected = [[float(r["x"]), float(r["y"])] for r in by_row["7"]]
    np.testing.assert_allclose(corrected, swapped, atol=1e-3)
    # Its left eye's corners were labelled as the right one's.
    assert [r["keypoint"] for r in by_row["120"]] == list(KEYPOINTS[:6])
    assert [r["action"] for r in by_row["120"]] == ["set"] * 4 + ["drop"] * 2
    assert [int(r["rank"]) for r in rows] == sorted(int(r["rank"]) for r in rows)
