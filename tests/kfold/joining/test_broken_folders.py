"""Folders of predictions with every kind of fault: named, and nothing is joined."""

import numpy as np
import pytest

from data.competition import MIRROR
from data.system.errors import UserError
from kfold.joining.record import join_predictions
from tests.kfold.finished_run import finished_run
from tests.kfold.joining.tables import (
    face_competition,
    files,
    good_predictions,
    write_predictions,
)

DATA = face_competition()


def swapped_lines(text):
    """Each row's number beside the predictions of the row after it."""
    header, *lines = text.splitlines()
    numbers = [line.rsplit(",", 1)[1] for line in lines]
    values = [line.rsplit(",", 1)[0] for line in lines[1:] + lines[:1]]
    return "\n".join([header, *map(",".join, zip(values, numbers, strict=True))])


def edited(name, change):
    """A change of the text of one file."""
    return lambda folder: (folder / name).write_text(change((folder / name).read_text()))


def rewritten(oof=lambda p: p, test=lambda p: p):
    """Both files with other keypoints."""
    first, second = good_predictions(DATA)
    return lambda folder: write_predictions(folder, DATA, oof(first), test(second))


BROKEN = {
    "no oof.csv": (
        lambda folder: (folder / "oof.csv").unlink(),
        r"oof.csv: expected a CSV file of predictions, found none",
    ),
    "no test.csv": (
        lambda folder: (folder / "test.csv").unlink(),
        r"test.csv: expected a CSV file of predictions, found none",
    ),
    "no rows' numbers": (
        edited("oof.csv", lambda text: text.replace(",row\n", ",index\n")),
        r"oof.csv, line 1: expected the column row, found none among ', index, left_eye",
    ),
    "a column misspelt": (
        edited("test.csv", lambda text: text.replace("nose_tip_x", "nose_x")),
        r"test.csv, line 1: expected the column nose_tip_x, found none among",
    ),
    "rows left out": (
        edited("oof.csv", lambda text: "\n".join(text.splitlines()[:41])),
        r"oof.csv: expected a line for each of 60 faces, found none for 20 of them, .* row 40",
    ),
    "a row twice": (
        edited("oof.csv", lambda text: text + text.splitlines()[1] + "\n"),
        r"oof.csv, line 62, column row: 0 is in line 2, too",
    ),
    "ids of another test set": (
        edited("test.csv", lambda text: text.replace(",11\n", ",12\n")),
        r"test.csv, line 13, column ImageId: expected one from 0 to 11, found '12'",
    ),
    "a keypoint left out": (
        rewritten(oof=lambda p: np.where(np.arange(60)[:, None, None] == 7, np.nan, p)),
        r"oof.csv, line 9, column left_eye_center_x: expected a finite number, found ''",
    ),
    "one far outside": (
        rewritten(test=lambda p: np.where(np.arange(360).reshape(p.shape) == 210, 150, p)),
        r"test.csv, line 9, column left_eye_center_x: expected pixels from -48 to 144",
    ),
    "scaled": (rewritten(lambda p: p / 96, lambda p: p / 96), r"oof.csv.*they are from 0 to 1"),
    "one scaled": (rewritten(test=lambda p: p / 48 - 1), r"test.csv.*they are from -1 to 1"),
    "exchanged": (rewritten(oof=lambda p: p[:, MIRROR]), r"oof.csv.*left and right are exchanged"),
    "other rows": (
        edited("oof.csv", swapped_lines),
        r"oof.csv.*each line is that of the row after",
    ),
    "labels": (
        rewritten(oof=lambda p: np.nan_to_num(DATA.train.keypoints, nan=40)),
        r"oof.csv: .* an RMSE of 0.000 px over the labels: predicted by a model that was trained",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_predictions_are_named_and_nothing_is_joined(tmp_path, name):
    damage, message = BROKEN[name]
    opened = finished_run(tmp_path / "run", DATA, {"model": [2.0]})
    source = write_predictions(tmp_path / "forest", DATA, *good_predictions(DATA))
    damage(source)
    before = files(opened)
    with pytest.raises(UserError, match=message):
        join_predictions(opened, source, "forest")
    assert files(opened) == before
