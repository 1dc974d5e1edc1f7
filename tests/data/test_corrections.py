import numpy as np
import pytest

from data.competition import KEYPOINTS
from data.correction_files import merge_corrections
from data.corrections import parse_corrections
from data.faces import Faces
from data.system.errors import UserError
from tests.corrected import read_corrections

FULLWIDTH = "\N{FULLWIDTH DIGIT FOUR}"
CHECKSUM = "0123456789abcdef" * 4
HEADER = "rank,row,keypoint,action,x,y,reason\n"


@pytest.fixture
def faces():
    keypoints = np.full((3, 15, 2), 40, np.float32)
    return Faces(
        np.zeros((3, 96, 96), np.uint8), keypoints, np.array([0, 4, 7]), np.ones(3, np.int8)
    )


def write_corrections(tmp_path, *lines, name="corrections.csv"):
    path = tmp_path / name
    path.write_text(HEADER + "\n".join(lines) + "\n")
    return path


def test_labels_are_dropped_and_set(tmp_path, faces):
    path = write_corrections(
        tmp_path, "1,4,nose_tip,drop,,,far", "2,7,,drop,,,moved", "3,0,nose_tip,set,12.5,96,swapped"
    )
    corrected, applied = read_corrections(path, faces, CHECKSUM)
    nose = KEYPOINTS.index("nose_tip")
    expected = faces.keypoints.copy()
    expected[1, nose], expected[2], expected[0, nose] = np.nan, np.nan, (12.5, 96)
    np.testing.assert_array_equal(corrected.keypoints, expected)
    assert applied == 3
    assert np.isfinite(faces.keypoints).all()


def test_a_row_that_is_kept_does_not_change_and_is_no_correction(tmp_path, faces):
    path = write_corrections(tmp_path, "1,4,,keep,,,looked at", "2,0,nose_tip,drop,,,")
    corrected, applied = read_corrections(path, faces, CHECKSUM)
    np.testing.assert_array_equal(corrected.keypoints[1:], faces.keypoints[1:])
    assert applied == 1
    (kept, dropped) = parse_corrections(path, faces, CHECKSUM)
    assert (kept.row, kept.action, len(kept.keypoints)) == (1, "keep", 15)
    assert dropped.where == f"{path}, line 3"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,5,nose_tip,drop,,,", "line 2, column row: expected a row from 0 to 7, found '5'"),
        ("1,4,nose,drop,,,", "line 2, column keypoint: expected one of left_eye_center"),
        ("1,4,,set,3,4,", "line 2, column keypoint"),
        ("1,4,nose_tip,delete,,,", "line 2, column action: expected drop, set or keep, found"),
        ("1,4,nose_tip,keep,,,", "line 2, column keypoint: expected none to keep a row"),
        ("1,4,nose_tip,set,97,4,", "line 2, columns x and y: expected pixels from 0 to 96"),
        *(
            (f"1,4,nose_tip,set,{x},4,", f"columns x and y: .* found '{x}' and '4'")
            for x in ("nan", "inf", "-1", "1e400", "6_1.5", f"6{FULLWIDTH}", "0x1F", "1 2", "")
        ),
        *(
            (f"1,{row},nose_tip,drop,,,", f"column row: expected a row .*, found '{row[:40]}'")
            for row in (FULLWIDTH, "-4", "4.0", "1_0", "nan", "9" * 5000)
        ),
        ("1,4,nose_tip,set", "columns x and y"),
        ("# checked", "line 2, column row: expected a row from 0 to 7, found ''"),
        ('1,4,nose_tip,drop,,,"far', "expected a CSV file of corrections, found none .* line 2"),
        ("1,4,nose_tip,drop,,,far,away", "found none .*Expected 7 fields in line 2, saw 8"),
    ],
)
def test_an_invalid_line_is_refused(tmp_path, faces, line, message):
    with pytest.raises(UserError, match=message):
        read_corrections(write_corrections(tmp_path, line), faces, CHECKSUM)


def test_a_file_that_a_spreadsheet_saved_is_read(tmp_path, faces):
    path = tmp_path / "corrections.csv"
    content = "row,keypoint,action,x,y\r\n4,nose_tip,drop,,\r\n,,,,\r\n"
    path.write_text(content, encoding="utf-8-sig", newline="")
    assert read_corrections(path, faces, CHECKSUM)[1] == 1


def test_empty_lines_and_line_breaks_in_a_field_count_as_lines(tmp_path, faces):
    lines = ('1,4,nose_tip,drop,,,"far\noff"', "", "2,4,nose_tip,delete,,,")
    with pytest.raises(UserError, match="line 5, column action"):
        read_corrections(write_corrections(tmp_path, *lines), faces, CHECKSUM)


@pytest.mark.parametrize("stated", ["0123456789abcdef", ""])
def test_corrections_of_this_data_or_of_none_named_are_read(tmp_path, faces, stated):
    path = tmp_path / "corrections.csv"
    path.write_text(f"row,keypoint,action,x,y,data\n4,nose_tip,drop,,,{stated}\n")
    assert read_corrections(path, faces, CHECKSUM)[1] == 1


def test_corrections_of_other_data_are_refused(tmp_path, faces):
    path = tmp_path / "corrections.csv"
    lines = "4,nose_tip,drop,,,\n4,,drop,,,0123456789abcdef\n7,,drop,,,ffff456789abcdef\n"
    path.write_text(f"row,keypoint,action,x,y,data\n{lines}")
    message = (
        "line 4, column data: expected .* 0123456789abcdef, found .* other data, ffff456789abcdef. "
        "Pass DATA=<folder> .* delete the column data"
    )
    with pytest.raises(UserError, match=message):
        read_corrections(path, faces, CHECKSUM)


def test_a_missing_file_and_wrong_columns_are_refused(tmp_path, faces):
    with pytest.raises(UserError, match="none that can be read"):
        read_corrections(tmp_path / "none.csv", faces, CHECKSUM)
    other = tmp_path / "other.csv"
    other.write_text("row,keypoint\n")
    with pytest.raises(UserError, match=r"line 1: .*action is missing"):
        read_corrections(other, faces, CHECKSUM)
    for twice in ("x", "data"):
        other.write_text(f"row,keypoint,action,data,x,y,{twice}\n")
        with pytest.raises(UserError, match=rf"line 1: .*{twice} appears twice"):
            read_corrections(other, faces, CHECKSUM)


def test_files_are_put_together(tmp_path, faces):
    one = write_corrections(tmp_path, "1,4,nose_tip,drop,,,", "2,7,,keep,,,", name="one.csv")
    other = write_corrections(
        tmp_path, "9,4,nose_tip,drop,,,also", "3,0,nose_tip,set,12.5,96,", name="two.csv"
    )
    merged = merge_corrections((one, other), faces, CHECKSUM)
    both = tmp_path / "both.csv"
    both.write_bytes(merged.content)
    lines = parse_corrections(both, faces, CHECKSUM)
    assert [(each.row, each.action) for each in lines] == [(1, "drop"), (2, "keep"), (0, "set")]
    assert merge_corrections((both,), faces, CHECKSUM).content == merged.content
    with pytest.raises(UserError, match="found those of other data"):
        parse_corrections(both, faces, CHECKSUM[::-1])


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("1,4,nose_tip,drop,,,", "1,4,,keep,,,", r"'drop', found 'keep'"),
        ("1,4,nose_tip,set,3,4,", "1,4,nose_tip,set,3,4.5,", r"'set 3 4', found 'set 3 4.5'"),
        ("1,4,,drop,,,", "1,4,nose_tip,set,3,4,", r"'drop', found 'set 3 4'"),
    ],
)
def test_a_conflict_of_two_files_names_both_lines(tmp_path, faces, first, second, message):
    one = write_corrections(tmp_path, "1,0,nose_tip,drop,,,", first, name="one.csv")
    two = write_corrections(tmp_path, second, name="two.csv")
    where = r"two.csv, line 2: expected the same for .* of row 4 as in .*one.csv, line 3, "
    with pytest.raises(UserError, match=where + message):
        merge_corrections((one, two), faces, CHECKSUM)


def test_the_last_line_of_a_file_counts(tmp_path, faces):
    lines = "1,4,nose_tip,drop,,,", "1,4,nose_tip,set,3,4,"
    one = write_corrections(tmp_path, *lines, name="one.csv")
    two = write_corrections(tmp_path, lines[1], name="two.csv")
    assert merge_corrections((one, two), faces, CHECKSUM).changes == 3
