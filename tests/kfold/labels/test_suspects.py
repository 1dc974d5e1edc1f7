import csv

import numpy as np
import pytest

from data.competition import KEYPOINTS, MIRROR
from data.corrections import read_corrections
from data.faces import Faces
from data.system.errors import UserError
from kfold.labels.suspects import COLUMNS, rank_suspects, write_suspects

CHECKSUM = "0123456789abcdef" * 4


@pytest.fixture
def faces():
    """Random labels of 200 faces, the second half of them by annotator 2."""
    rng = np.random.default_rng(0)
    keypoints = rng.uniform(20, 75, (200, 15, 2)).astype(np.float32)
    keypoints[100:, 4:] = np.nan
    annotator = np.repeat([1, 2], 100).astype(np.int8)
    return Faces(np.zeros((200, 96, 96), np.uint8), keypoints, np.arange(200), annotator)


@pytest.fixture
def prediction(faces):
    """Predictions 1 px off."""
    noise = np.random.default_rng(1).normal(0, 1, faces.keypoints.shape)
    return np.nan_to_num(faces.keypoints, nan=40) + noise


def test_planted_errors_come_first_though_predictions_have_heavy_tails(faces):
    rng = np.random.default_rng(2)
    errors = rng.standard_t(3, faces.keypoints.shape)
    prediction = np.nan_to_num(faces.keypoints, nan=48) + errors
    wrong = rng.choice(200, 10, replace=False)
    angle, distance = rng.uniform(0, 2 * np.pi, 10), rng.uniform(12, 25, 10)
    shift = distance * [np.cos(angle), np.sin(angle)]
    faces.keypoints[wrong] += shift.T[:, None].astype(np.float32)
    suspects = rank_suspects(faces, prediction)
    first = {suspect.row for suspect in suspects[: 2 * len(wrong)]}
    assert len(first & set(wrong.tolist())) >= 0.9 * len(wrong)


def test_good_labels_are_no_suspects(faces, prediction):
    assert rank_suspects(faces, prediction) == []


def test_swapped_sides_are_named_and_corrected(faces, prediction):
    right = faces.keypoints[7].copy()
    faces.keypoints[7] = right[list(MIRROR)]
    (suspect,) = rank_suspects(faces, prediction)
    assert suspect.row == 7
    assert suspect.fault == "swapped"
    assert "left and right are swapped" in suspect.reason
    np.testing.assert_array_equal(suspect.corrected, right)


def test_a_shifted_row_is_named_with_its_direction(faces, prediction):
    faces.keypoints[150] += [0, -15]
    (suspect,) = rank_suspects(faces, prediction)
    assert suspect.row == 150
    assert (suspect.fault, suspect.keypoints) == ("shifted", ())
    assert suspect.reason.startswith("all 4 labels lie 1")
    assert "px above the prediction" in suspect.reason


def test_a_single_wrong_label_is_named(faces, prediction):
    faces.keypoints[3, 11] += 14
    (suspect,) = rank_suspects(faces, prediction)
    assert (suspect.fault, suspect.keypoints) == ("single", (11,))
    assert KEYPOINTS[11].replace("_", " ") in suspect.reason


def test_labels_that_are_far_off_in_no_common_direction_are_most(faces, prediction):
    faces.keypoints[150, :3] += np.array([[12, 0], [-12, 3], [0, 14]], np.float32)
    (suspect,) = rank_suspects(faces, prediction)
    assert (suspect.fault, suspect.keypoints) == ("most", ())
    assert suspect.reason.startswith("3 of 4 labels are far off")


def test_the_worse_of_two_labels_of_one_image_names_the_better(faces, prediction):
    faces.keypoints[5], prediction[5] = faces.keypoints[4], prediction[4]
    faces.keypoints[5, 2] += 20
    (suspect,) = rank_suspects(faces, prediction, [np.array([4, 5])])
    assert suspect.row == 5
    assert "row 4 shows the same image with labels 28.3 px away" in suspect.reason


@pytest.fixture
def written(faces, prediction, tmp_path):
    """suspects.csv of four wrong rows as (header, rows), and their right labels."""
    right = faces.keypoints.copy()
    for row in (7, 120):
        faces.keypoints[row] = right[row, list(MIRROR)]
    faces.keypoints[150] += [0, -15]
    faces.keypoints[3, 11] += 14
    write_suspects(tmp_path / "suspects.csv", rank_suspects(faces, prediction), faces, CHECKSUM)
    with (tmp_path / "suspects.csv").open(newline="") as file:
        reader = csv.DictReader(file)
        return list(reader), right


def test_the_file_has_a_correction_of_each_row_or_label(written):
    rows, right = written
    by_row = {
        name: [row for row in rows if row["row"] == name] for name in ("3", "7", "120", "150")
    }
    assert [(r["keypoint"], r["action"]) for r in by_row["3"]] == [(KEYPOINTS[11], "drop")]
    assert [(r["keypoint"], r["action"]) for r in by_row["150"]] == [("", "drop")]
    assert [r["keypoint"] for r in by_row["7"]] == list(KEYPOINTS)
    corrected = [[float(r["x"]), float(r["y"])] for r in by_row["7"]]
    np.testing.assert_allclose(corrected, right[7], atol=1e-3)
    # Annotator 2 labels no corner of an eye: the left eye's are the right one's, swapped.
    assert [r["keypoint"] for r in by_row["120"]] == list(KEYPOINTS[:6])
    assert [r["action"] for r in by_row["120"]] == ["set"] * 4 + ["drop"] * 2


def test_the_file_is_ranked_and_has_fixed_decimals(written):
    rows, _ = written
    assert tuple(rows[0]) == COLUMNS
    assert [int(r["rank"]) for r in rows] == sorted(int(r["rank"]) for r in rows)
    assert {r["annotator"] for r in rows} == {"1", "2"}
    for row in rows:
        assert len(row["score"].partition(".")[2]) == 1
        decimals = {len(row[axis].partition(".")[2]) for axis in "xy"}
        assert decimals == ({3} if row["action"] == "set" else {0})


def test_the_file_is_read_back_as_corrections(written, faces, tmp_path):
    rows, right = written
    corrected, applied = read_corrections(tmp_path / "suspects.csv", faces, CHECKSUM)
    assert applied == len(rows)
    np.testing.assert_allclose(corrected.keypoints[[7, 120]], right[[7, 120]], atol=1e-3)
    assert not corrected.labelled[150].any()
    assert not corrected.labelled[3, 11]
    assert corrected.labelled[3].sum() == 14


def test_the_file_is_not_applied_to_other_data(written, faces, tmp_path):
    rows, _ = written
    assert {row["data"] for row in rows} == {"0123456789abcdef"}
    with pytest.raises(UserError, match=r"suspects.csv, line 2, column data: expected"):
        read_corrections(tmp_path / "suspects.csv", faces, CHECKSUM[::-1])


def test_without_suspects_the_file_has_a_header_only(faces, tmp_path):
    write_suspects(tmp_path / "suspects.csv", [], faces, CHECKSUM)
    assert (tmp_path / "suspects.csv").read_text() == ",".join(COLUMNS) + "\n"
