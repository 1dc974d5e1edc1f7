"""Damaged trainings: they are named, left out, and trained again."""

import json
import re
from dataclasses import replace

import h5py
import numpy as np
import pytest

from data.system.errors import UserError
from kfold.config.recipe import VIEWS
from kfold.leaderboard.leaderboard import make_leaderboard
from kfold.runs.predictions import PREDICTIONS, Predictions
from kfold.runs.run import Run
from kfold.runs.run_config import JOURNAL
from kfold.runs.task import DONE
from kfold.runs.training_files import HISTORY, WEIGHTS, trained_weights
from kfold.training.tta import TTA
from tests.kfold.finished_run import finished_run, random_competition

DATA = random_competition(train=12, test=2)


@pytest.fixture
def opened(tmp_path):
    """A run of two finished models."""
    return finished_run(tmp_path / "run", DATA, {"whole": [1.0], "torn": [1.0]})


def cut(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])


def store(folder, rows=None, views=1, test=2):
    """Predictions of fold 1, or of other rows, with other shapes."""
    rows = np.arange(12)[1::3] if rows is None else rows
    oof, tested = (np.zeros((views, n, 15, 2), np.float32) for n in (len(rows), test))
    Predictions(rows, oof, tested).write(folder)


DAMAGE = {
    f"{name}, {kept}": (damage, rf"fold1/{name} cannot be read \(.+\)")
    for name in (DONE, PREDICTIONS, HISTORY, WEIGHTS)
    for kept, damage in {
        "empty": lambda folder, name=name: cut(folder / name, 0),
        "half": lambda folder, name=name: cut(folder / name, 0.5),
        "all but the end": lambda folder, name=name: cut(folder / name, 0.99),
        "zeros": lambda folder, name=name: (folder / name).write_bytes(bytes(3000)),
    }.items()
} | {
    **{
        f"{name}, gone": (lambda folder, name=name: (folder / name).unlink(), f"{name} is missing")
        for name in (PREDICTIONS, HISTORY)
    },
    "done.json, no score": (
        lambda folder: (folder / DONE).write_text('{"epochs": 2}'),
        r"fold1/done.json cannot be read \(rmse: expected a value, found none; seconds",
    ),
    "an array gone": (
        lambda folder: np.savez(folder / PREDICTIONS, rows=np.arange(4)),
        r"predictions.npz cannot be read \(.*oof.npy",
    ),
    "rows of another fold": (
        lambda folder: store(folder, np.arange(12)[2::3]),
        r"is of other rows \(4\) than the 4 held out",
    ),
    "rows missing": (
        lambda folder: store(folder, np.arange(12)[1:9:3]),
        r"is of other rows \(3\) than the 4 held out",
    ),
    "other views": (
        lambda folder: store(folder, views=2),
        r"\(2, 4, 15, 2\), \(2, 2, 15, 2\), not \(1, 4, 15, 2\), \(1, 2, 15, 2\)",
    ),
    "another test set": (lambda folder: store(folder, test=3), r"\(1, 3, 15, 2\), not .*\(1, 2,"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_training_is_named_and_the_rest_goes_on(opened, name):
    damage, message = DAMAGE[name]
    damage(opened.run.fold_folder("torn", 0, 1))
    assert not opened.run.summary("torn", 0, 1)
    assert list(opened.run.finished_models) == ["whole"]
    (unfinished,) = opened.run.unfinished
    assert unfinished.startswith("torn seed 0 (fold1/")
    assert re.search(message, unfinished)


def test_a_leaderboard_goes_on_without_a_damaged_training(opened):
    cut(opened.run.fold_folder("torn", 0, 1) / PREDICTIONS, 0.5)
    leaderboard = make_leaderboard([opened])
    assert "torn seed 0 (fold1/predictions.npz cannot be read" in leaderboard.unfinished
    assert [line.entry.name for line in leaderboard.lines if line.entry.kind == "model"] == [
        "whole"
    ]


def test_a_changed_byte_within_predictions_is_named_when_they_are_read(opened):
    path = opened.run.fold_folder("torn", 0, 1) / PREDICTIONS
    content = bytearray(path.read_bytes())
    content[content.index(b"test.npy") - 60] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"predictions.npz cannot be read.*Delete it: `make cv`"):
        Predictions.read(path.parent)


def test_each_training_is_read_once(opened, monkeypatch):
    opened.run.finished_seeds("whole")
    monkeypatch.delattr("kfold.runs.run.TrainingSummary")
    monkeypatch.delattr("kfold.runs.run.check_files")
    assert opened.run.finished_seeds("whole") == [0]
    assert opened.run.summary("whole", 0, 2).rmse == 1.0


def test_what_is_finished_or_repaired_meanwhile_is_seen(opened):
    folder = opened.run.fold_folder("torn", 0, 1)
    done = (folder / DONE).read_text()
    (folder / DONE).unlink()
    assert not opened.run.summary("torn", 0, 1)
    (folder / DONE).write_text("")
    assert not opened.run.summary("torn", 0, 1)
    (folder / DONE).write_text(done)
    assert opened.run.finished_seeds("torn") == [0]


def test_scores_need_no_weights_but_networks_do(opened):
    folder = opened.run.fold_folder("torn", 0, 1)
    (folder / WEIGHTS).unlink()
    assert opened.run.finished_seeds("torn") == [0]
    with pytest.raises(UserError, match=r"fold1/model\.weights\.h5.*MODELS=torn FORCE=1"):
        trained_weights(folder)


def test_a_search_names_only_its_damaged_trials(opened):
    (opened.run.folder / JOURNAL).touch()
    (opened.run.fold_folder("whole", 0, 1) / DONE).unlink()
    (opened.run.fold_folder("torn", 0, 1) / DONE).write_text("")
    assert [name.partition(" cannot")[0] for name in opened.run.unfinished] == [
        "torn seed 0 (fold1/done.json"
    ]


def test_a_summary_of_other_versions_is_read(opened):
    """Without the fields that came later, and with fields that are not known yet."""
    folder = opened.run.fold_folder("torn", 0, 1)
    values = json.loads((folder / DONE).read_text()) | {"rmse": float("nan"), "later": 1}
    del values["code"]
    (folder / DONE).write_text(json.dumps(values))
    assert opened.run.summary("torn", 0, 1).code == "unknown"
    assert opened.run.code_versions == [opened.run.summary("whole", 0, 0).code, "unknown"]


def test_a_file_of_another_user_is_no_damage(opened, monkeypatch):
    def refused(*args, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(h5py, "File", refused)
    run = Run(opened.run.folder, opened.run.config)
    with pytest.raises(PermissionError):
        run.summary("torn", 0, 1)


def test_without_its_data_a_run_checks_all_but_the_test_faces(opened):
    run = replace(opened.run, test_faces=None)
    assert list(run.finished_models) == ["whole", "torn"]
    store(run.fold_folder("torn", 0, 1), views=2)
    assert list(replace(run, test_faces=None).finished_models) == ["whole"]


def test_views_are_counted_as_they_are_predicted():
    assert {name: len(views) for name, views in TTA.items()} == VIEWS
