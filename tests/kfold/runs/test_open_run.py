"""Several runs at once."""

from pathlib import Path

import pytest

from data.system.errors import UserError
from kfold.runs.locate import read_run
from kfold.runs.open_run import open_named_runs
from tests.kfold.finished_run import finished_run, random_competition

DATA = random_competition(train=12, test=2)


@pytest.fixture
def reads(tmp_path, monkeypatch):
    """Folders whose data are read; the runs `first` and `second` are in runs/."""
    monkeypatch.chdir(tmp_path)
    for name in ("first", "second"):
        finished_run(Path("runs", name), DATA, {"model": [1.0]})
    reads = []
    monkeypatch.setattr(
        "kfold.runs.open_run.read_competition", lambda folder: reads.append(folder) or DATA
    )
    return reads


def test_the_data_of_several_runs_are_read_once(reads):
    opened = open_named_runs(("second", "first", "second"))
    assert [one.run.name for one in opened] == ["second", "first"]
    assert opened[0].data is opened[1].data is DATA
    assert reads == [Path(read_run(Path("runs/first")).config.data)]
    assert [one.run.config.data for one in open_named_runs((None, "first"), Path("moved"))] == [
        "moved"
    ] * 2
    assert reads[1:] == [Path("moved")]


def test_no_data_are_read_before_every_run_is_found(reads):
    with pytest.raises(UserError, match="Runs there: first, second"):
        open_named_runs(("first", "third"))
    assert reads == []
