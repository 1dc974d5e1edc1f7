"""Tables that other programs write: columns by name, every face once, every value a number."""

import numpy as np
import pandas as pd
import pytest

from data.competition import COORDINATES
from data.system.errors import UserError
from kfold.joining.prediction_table import read_predictions

IDS = np.array([3, 4, 7])
NOSE = "nose_tip_x"
VALUES = np.arange(90.0).reshape(3, 30) / 2


@pytest.fixture
def path(tmp_path):
    return tmp_path / "oof.csv"


@pytest.fixture
def table():
    return pd.DataFrame(VALUES, columns=COORDINATES).assign(row=IDS).astype(object)


def test_columns_and_lines_may_stand_in_any_order_among_others(path, table):
    mixed = table.assign(Image="1 2 3", comment="a, b\nc").iloc[[2, 0, 1], ::-1]
    mixed.to_csv(path)
    read = read_predictions(path, "row", IDS)
    np.testing.assert_array_equal(read.keypoints, VALUES.reshape(3, 15, 2))
    assert list(read.lines) == [4, 6, 2]  # each comment takes two lines
    np.testing.assert_array_equal(read.clipped(), VALUES.reshape(3, 15, 2).astype(np.float32))


def test_predictions_near_the_image_are_clipped_to_it(path, table):
    table.loc[0, [NOSE, "nose_tip_y"]] = [-47.5, 143.5]
    table.to_csv(path, index=False)
    clipped = read_predictions(path, "row", IDS).clipped()
    assert list(clipped[0, COORDINATES.index(NOSE) // 2]) == [0, 96]
    assert clipped.dtype == np.float32


def test_ids_that_pandas_made_floats_are_read(path, table):
    table.assign(row=IDS.astype(float)).to_csv(path, index=False)
    assert list(read_predictions(path, "row", IDS).lines) == [2, 3, 4]


def change(column, row, value):
    return lambda table: table.assign(
        **{column: [value if i == row else v for i, v in enumerate(table[column])]}
    )


WRONG = {
    "no id column": (
        lambda t: t.drop(columns="row"),
        r"oof.csv, line 1: expected the column row, found none among 'left_eye_center_x, ",
    ),
    "a column missing": (
        lambda t: t.drop(columns=NOSE),
        r"line 1: expected the column nose_tip_x, found none among ",
    ),
    "a column twice": (
        lambda t: pd.concat([t, t[[NOSE]]], axis=1),
        r"line 1: expected the column nose_tip_x once, found it twice",
    ),
    "a row missing": (
        lambda t: t.drop(index=1),
        r"a line for each of 3 faces, found none for 1 of them, the first is row 4\. Predict faces",
    ),
    "a row twice": (
        lambda t: pd.concat([t, t.iloc[:1]]),
        r"line 5, column row: 3 is in line 2, too; keep one of them",
    ),
    "an unknown row": (
        change("row", 2, 8),
        r"line 4, column row: expected one from 3 to 7, found '8'",
    ),
    "a row between two": (change("row", 2, "7.5"), r"line 4, column row: .*found '7.5'"),
    "a row without a number": (change("row", 0, ""), r"line 2, column row: .*found ''"),
    "an empty value": (
        change(NOSE, 1, ""),
        r"line 3, column nose_tip_x: expected a finite number, found ''\. Every keypoint",
    ),
    "no number": (change(NOSE, 1, "nan"), r"line 3, column nose_tip_x: .* found 'nan'"),
    "infinity": (change(NOSE, 1, "-inf"), r"line 3, column nose_tip_x: .* found '-inf'"),
    "a Python number": (change(NOSE, 1, "1_0"), r"line 3, column nose_tip_x: .* found '1_0'"),
    "no rows": (lambda t: t[:0], r"found none for 3 of them, the first is row 3"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_table_is_named_with_its_line_and_column(path, table, name):
    changed, message = WRONG[name]
    changed(table).to_csv(path, index=False)
    with pytest.raises(UserError, match=message):
        read_predictions(path, "row", IDS)


@pytest.mark.parametrize("value", [-48.5, 144.5, 1e300])
def test_a_prediction_far_outside_of_the_image_is_named(path, table, value):
    table.loc[1, NOSE] = value
    table.to_csv(path, index=False)
    message = rf"line 3, column nose_tip_x: expected pixels from -48 to 144.* found {value:g}"
    with pytest.raises(UserError, match=message.replace("+", r"\+")):
        read_predictions(path, "row", IDS).clipped()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"oof.csv: expected a CSV file of predictions, found none"),
        (b"", r"oof.csv, line 1: expected the column row"),
        (b"row;left_eye_center_x\n0;1\n", r"column row, found none among 'row;left_eye_center_x'"),
        (b"row,x\n0,1,2\n", r"expected CSV in UTF-8.*Expected 2 fields in line 2, saw 3"),
        ("row,x\n0,1\n".encode("utf-16"), r"expected CSV in UTF-8, found none"),
        (b'row,x\n0,"1\n', r"expected CSV in UTF-8, found none"),
    ],
)
def test_a_file_that_is_no_such_table_is_named(path, content, message):
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        read_predictions(path, "row", IDS)


def test_a_file_in_place_of_the_folder_is_named(path):
    path.write_text("")
    with pytest.raises(UserError, match=r"oof.csv/oof.csv: expected a CSV file of predictions"):
        read_predictions(path / "oof.csv", "row", IDS)
