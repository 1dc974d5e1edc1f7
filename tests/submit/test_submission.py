import numpy as np
import pytest

from data.competition import COORDINATES
from data.reader import read_competition
from data.system.errors import UserError
from submit.submission import write_submission


@pytest.fixture
def data(competition, tmp_path):
    return read_competition(competition, tmp_path / "cache")


@pytest.fixture
def predictions(data):
    """A different value for every image and coordinate."""
    return (np.arange(len(data.test) * 30) / 4).reshape(-1, 15, 2)


def test_each_row_holds_the_requested_value(data, predictions, competition, tmp_path):
    path = tmp_path / "submission.csv"
    write_submission(path, data.lookup, predictions, competition)
    lines = path.read_bytes().decode().split("\n")
    assert lines[0] == "RowId,Location"
    assert lines[-1] == ""
    requested = (competition / "IdLookupTable.csv").read_text().splitlines()[1:]
    for line, row in zip(lines[1:-1], requested, strict=True):
        row_id, image, feature = row.split(",")
        expected = predictions[int(image) - 1].ravel()[COORDINATES.index(feature)]
        assert line == f"{row_id},{min(expected, 96):.4f}"


def test_predictions_are_clipped_to_the_image(data, competition, tmp_path):
    extreme = np.where(np.arange(30).reshape(15, 2) % 2, 1e4, -1e4) * np.ones(
        (len(data.test), 1, 1)
    )
    path = tmp_path / "submission.csv"
    write_submission(path, data.lookup, extreme, competition)
    values = {line.split(",")[1] for line in path.read_text().splitlines()[1:]}
    assert values == {"0.0000", "96.0000"}


def test_a_prediction_that_is_not_finite_is_refused_and_nothing_replaced(
    data, predictions, competition, tmp_path
):
    path = tmp_path / "submission.csv"
    path.write_text("yesterday's")
    predictions[0, 0, 0] = np.nan
    with pytest.raises(UserError, match="1 that are not, the first for RowId 1"):
        write_submission(path, data.lookup, predictions, competition)
    assert path.read_text() == "yesterday's"
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["submission.csv"]
