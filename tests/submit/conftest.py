"""A finished run to submit."""

import shutil
from pathlib import Path

import pytest

from data.reader import read_competition
from tests.kfold.finished_run import finished_run

LEDGER = Path("runs/submissions.csv")
FILE = Path("runs/first/submission.csv")


@pytest.fixture
def options(competition, home, tmp_path, monkeypatch):
    """Options of `make submit` for a finished run in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("submit.send.SCORE_TIMEOUT_S", 5)
    data = shutil.copytree(competition, tmp_path / "raw")
    finished_run(Path("runs/first"), read_competition(data), {"model": [1.0]})
    return {"run": "first", "data": data, "entry": "model"}
