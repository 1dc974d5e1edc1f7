"""Predictions are joined to a run whole or not at all, once, and under a name of their own."""

import re
from dataclasses import replace

import numpy as np
import pytest

from data.system.errors import UserError
from kfold.config.recipe import Recipe
from kfold.joining.record import join_predictions, read_joined
from kfold.leaderboard.leaderboard import make_leaderboard
from kfold.runs.fold_table import FOLDS, write_folds
from kfold.runs.joined import JOINED, joined_file
from kfold.runs.locate import read_run
from kfold.runs.open_run import open_run
from kfold.runs.run_config import JOURNAL
from kfold.runs.start import configure_run
from tests.kfold.finished_run import finished_run
from tests.kfold.joining.tables import (
    face_competition,
    files,
    good_predictions,
    joined_run,
    write_predictions,
)

DATA = face_competition()


@pytest.fixture
def opened(tmp_path):
    return finished_run(tmp_path / "run", DATA, {"model": [2.0]})


@pytest.fixture
def source(tmp_path):
    return write_predictions(tmp_path / "forest", DATA, *good_predictions(DATA))


def afresh(opened):
    """The run as another command opens it."""
    return open_run(read_run(opened.run.folder), opened.data)


def kinds(opened):
    lines = make_leaderboard([opened]).lines
    return {line.entry.name: line.entry.kind for line in lines}


def test_joined_predictions_are_stored_clipped_in_the_order_of_the_rows(opened, source):
    oof, test = good_predictions(DATA)
    oof[4, 2], test = [-9, 99], test.copy()
    write_predictions(source, DATA, oof, test)
    joined, new = join_predictions(opened, source, "forest")
    assert new
    (stored,) = afresh(joined).run.joined.values()
    np.testing.assert_array_equal(stored.oof, np.clip(oof, 0, 96).astype(np.float32))
    np.testing.assert_array_equal(stored.test, test.astype(np.float32))
    assert afresh(joined).run.config.joined == {"forest": stored.checksum}
    assert kinds(afresh(joined))["forest"] == "joined"


def test_the_same_predictions_are_joined_once(opened, source):
    joined, _ = join_predictions(opened, source, "forest")
    before = files(joined)
    write_predictions(source, DATA, *(np.round(each, 9) for each in good_predictions(DATA)))
    again, new = join_predictions(afresh(joined), source, "forest")
    assert not new
    assert list(again.run.joined) == ["forest"]
    assert files(joined) == before


def test_other_predictions_of_the_same_name_need_force(opened):
    first = joined_run(opened, "forest", 1.0)
    before = files(first)
    with pytest.raises(
        UserError, match=r"joined as 'forest' already\. Pass another NAME=, or FORC"
    ):
        joined_run(afresh(first), "forest", 3.0)
    assert files(first) == before
    second = joined_run(joined_run(afresh(first), "other", 2.0), "forest", 3.0, force=True)
    assert list(second.run.joined) == ["forest", "other"]
    assert len(list((second.run.folder / JOINED).iterdir())) == 2
    assert second.run.config.joined["forest"] != first.run.config.joined["forest"]


def test_a_kill_leaves_the_old_predictions_or_the_new_ones(opened, source, tmp_path):
    """Each state between the three writes: of the new file, of config.json, of the removal."""
    oof, test = good_predictions(DATA, 3.0)
    old = read_joined(opened, write_predictions(tmp_path / "old", DATA, oof, test))
    new = read_joined(opened, source)
    old.write(opened.run.folder, "forest")
    assert "forest" not in kinds(afresh(opened))
    configure_run(opened.run.folder, replace(opened.run.config, joined={"forest": old.checksum}))
    new.write(opened.run.folder, "forest")
    (opened.run.folder / JOINED / f".999999-forest-{new.checksum[:12]}.npz").write_bytes(b"PK")
    assert afresh(opened).run.joined["forest"].checksum == old.checksum
    configure_run(opened.run.folder, replace(opened.run.config, joined={"forest": new.checksum}))
    assert afresh(opened).run.joined["forest"].checksum == new.checksum
    again, changed = join_predictions(afresh(opened), tmp_path / "old", "forest", force=True)
    assert changed
    assert again.run.unfinished == []
    assert [path.name for path in (opened.run.folder / JOINED).iterdir()] == [
        joined_file(opened.run.folder, "forest", old.checksum).name
    ]


DAMAGE = {
    "gone": (lambda path: path.unlink(), "is missing"),
    "empty": (lambda path: path.write_bytes(b""), r"cannot be read \(.+\)"),
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:-90]), r"cannot be read \(.+\)"),
    "a byte": (
        lambda path: path.write_bytes(path.read_bytes()[:999] + b"x" + path.read_bytes()[1000:]),
        r"cannot be read \(Bad CRC-32.+\)",
    ),
    "an array gone": (lambda path: np.savez(path, oof=[1.0]), r"cannot be read \(.*test.*\)"),
    "others": (
        lambda path: np.savez(path, oof=[1.0], test=[1.0], folds=[1.0]),
        "holds other predictions than were joined",
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_predictions_are_named_and_the_run_goes_on(opened, source, name):
    damage, message = DAMAGE[name]
    joined, _ = join_predictions(opened, source, "forest")
    (path,) = (joined.run.folder / JOINED).iterdir()
    damage(path)
    leaderboard = make_leaderboard([afresh(joined)])
    assert {line.entry.name for line in leaderboard.lines} == {
        "constant",
        "model",
        "stack",
        "refined",
    }
    note = leaderboard.unfinished
    assert note.startswith(f"Left out: forest ({path.relative_to(joined.run.folder)} ")
    assert note.endswith("; run its `make join` again).")
    assert re.search(message, note)
    healed, new = join_predictions(afresh(joined), source, "forest")
    assert new
    assert kinds(healed)["forest"] == "joined"


def test_predictions_by_other_folds_are_named(opened, source):
    joined, _ = join_predictions(opened, source, "forest")
    rows = np.arange(len(DATA.train))
    write_folds(joined.run.folder, DATA.train, rows, (rows + 1) % 3)
    assert "forest (joined/forest-" in afresh(joined).run.unfinished[-1]
    assert "is of other folds; run" in afresh(joined).run.unfinished[-1]


def test_a_run_that_lost_its_fold_table_keeps_what_was_joined(opened, source):
    joined, _ = join_predictions(opened, source, "forest")
    for path in joined.run.folder.glob("model/seed0/fold*/done.json"):
        path.unlink()
    (joined.run.folder / FOLDS).unlink()
    wanted = replace(joined.run.config, joined={})
    assert configure_run(joined.run.folder, wanted).config.joined == joined.run.config.joined


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("model", r"NAME: 'model' would be the name of a model and of joined predictions"),
        ("Model", r"NAME: 'model' and 'Model' are one folder"),
        ("stack", r"NAME: 'stack' is reserved"),
        ("joined", r"NAME: 'joined' is reserved"),
        ("a forest", r"NAME: expected a plain name"),
        ("oof.csv", r"NAME: 'oof.csv' looks like a file"),
    ],
)
def test_a_name_that_no_line_can_have_is_refused(opened, source, name, message):
    before = files(opened)
    with pytest.raises(UserError, match=message):
        join_predictions(opened, source, name, force=True)
    assert files(opened) == before


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("name", ["forest", "Forest"])
def test_no_model_gets_the_name_of_joined_predictions(opened, source, name, force):
    joined, _ = join_predictions(opened, source, "forest")
    wanted = replace(joined.run.config, models={name: Recipe("base", 1)}, joined={})
    message = f"'{name}' (would be the name of a model and|and 'forest' are one folder)"
    with pytest.raises(UserError, match=message):
        configure_run(joined.run.folder, wanted, force)
    assert kinds(afresh(joined))["forest"] == "joined"


def test_a_run_with_joined_predictions_gains_models_and_seeds(opened, source):
    joined, _ = join_predictions(opened, source, "forest")
    more = replace(opened.run.config, seeds=2, models={"more": Recipe("base", 1)})
    config = configure_run(joined.run.folder, more).config
    assert list(config.models) == ["model", "more"]
    assert config.joined == joined.run.config.joined


def test_nothing_is_joined_to_a_search(opened, source):
    (opened.run.folder / JOURNAL).touch()
    with pytest.raises(UserError, match="found a search, to which nothing is joined"):
        join_predictions(opened, source, "forest")
