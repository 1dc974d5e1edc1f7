"""Entries are made once, and again whenever something that they were made from changed."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from kfold.leaderboard.leaderboard import make_leaderboard
from kfold.leaderboard.stored import ENTRIES, trained_entries
from kfold.runs.predictions import PREDICTIONS, Predictions
from kfold.runs.run import Run
from tests.kfold.finished_run import finished_run, random_competition


@pytest.fixture
def opened(tmp_path):
    data = random_competition()
    return finished_run(tmp_path / "run", data, {"a": [1.0, 2.0], "b": [3.0, 3.0]})


def afresh(opened):
    """The run as another command opens it."""
    return replace(opened, run=Run(opened.run.folder, opened.run.config))


def test_stored_entries_equal_those_that_were_made(opened):
    made, read = trained_entries(opened), trained_entries(afresh(opened))
    assert [entry.name for entry in read] == ["a", "b", "mean", "stack", "refined"]
    new = np.random.default_rng(0).uniform(30, 60, (5, 15, 2, 2))
    for one, other in zip(made, read, strict=True):
        np.testing.assert_equal(asdict(other), asdict(one))
        members = new[..., : len(one.weights)]
        np.testing.assert_array_equal(other.blend(members), one.blend(members))


def test_entries_are_read_without_the_predictions(opened, monkeypatch):
    scores = {line.entry.name: line.score for line in make_leaderboard([opened]).lines}
    monkeypatch.setattr(Predictions, "read", None)
    again = make_leaderboard([afresh(opened)]).lines
    assert {line.entry.name: line.score for line in again} == scores


def test_another_training_is_another_blend(opened):
    before = trained_entries(opened)[0].oof
    folder = opened.run.fold_folder("a", 0, 0)
    old = Predictions.read(folder)
    (folder / PREDICTIONS).unlink()
    replace(old, oof=old.oof + 5).write(folder)
    after = trained_entries(afresh(opened))[0].oof
    assert np.abs(after - before).max() == pytest.approx(2.5, abs=1e-3)  # one of two seeds


def test_other_labels_are_another_blend(opened):
    before = trained_entries(opened)[3]
    opened.data.train.keypoints[:, 0] += 5
    assert not np.array_equal(trained_entries(opened)[3].oof, before.oof)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", None])
def test_a_damaged_file_is_made_again(opened, content):
    made = trained_entries(opened)
    path = opened.run.folder / ENTRIES
    path.write_bytes(path.read_bytes()[:-100] if content is None else content)
    read = trained_entries(afresh(opened))
    np.testing.assert_array_equal(read[-1].oof, made[-1].oof)
    assert np.load(path)["fingerprint"]
