"""Joined predictions are a line like any other, and a member of every blend."""

import numpy as np
import pandas as pd
import pytest

from data.system.errors import UserError
from kfold.leaderboard.leaderboard import make_leaderboard
from kfold.leaderboard.stored import trained_entries
from kfold.leaderboard.tables import write_leaderboard
from kfold.metrics.score import capped_rmse, rmse
from kfold.runs.locate import read_run
from kfold.runs.open_run import open_run
from kfold.runs.predictions import read_out_of_fold
from tests.kfold.finished_run import FOLDS, finished_run
from tests.kfold.joining.tables import face_competition, joined_run
from tests.kfold.leaderboard.lines import lines_by_name

DATA = face_competition()
LABELS = DATA.train.keypoints


@pytest.fixture
def opened(tmp_path):
    """A model with two seeds, one with one, and predictions that are better than both."""
    run = finished_run(tmp_path / "run", DATA, {"two": [2.0, 2.5], "one": [4.0, 4.0]})
    return joined_run(run, "forest", 1.0)


@pytest.fixture
def alone(tmp_path):
    """A run that no model was trained in."""
    return joined_run(finished_run(tmp_path / "alone", DATA, {}), "forest", 1.0)


def afresh(opened):
    return open_run(read_run(opened.run.folder), opened.data)


def test_they_are_scored_as_they_were_joined(opened):
    line = lines_by_name(opened)["forest"]
    joined = opened.run.joined["forest"]
    assert (line.entry.kind, line.entry.trainings) == ("joined", ())
    assert line.score.rmse == pytest.approx(rmse(LABELS, joined.oof))
    assert line.score.rmse == pytest.approx(1, abs=0.1)
    np.testing.assert_array_equal(line.entry.test, joined.test)
    assert len(line.fold_rmse) == FOLDS


def test_every_blend_has_them_as_a_member(opened):
    lines = lines_by_name(opened)
    stack, mean = lines["stack"].entry, lines["mean"].entry
    assert list(stack.weights) == ["two, as it is", "one, as it is", "forest, as it is"]
    assert all(weight > 0.6 for weight in stack.weights["forest, as it is"])
    assert lines["stack"].capped.rmse < lines["forest"].capped.rmse
    models = [lines[name].entry for name in ("two", "one", "forest")]
    np.testing.assert_allclose(mean.oof, np.mean([each.oof for each in models], 0), atol=1e-4)
    np.testing.assert_allclose(mean.test, np.mean([each.test for each in models], 0), atol=1e-4)


def test_a_seed_of_a_blend_has_the_networks_of_the_seed_and_all_that_is_joined(opened):
    lines, joined = lines_by_name(opened), opened.run.joined["forest"].oof
    for seed in (0, 1):
        alone = []
        for model in ("two", "one"):
            oof = np.empty_like(LABELS)
            for fold in range(FOLDS):
                rows, predicted = read_out_of_fold(opened.run.fold_folder(model, seed, fold))
                oof[rows] = predicted[0]
            alone.append(oof)
        expected = capped_rmse(LABELS, np.mean([*alone, joined], axis=0))
        assert lines["mean"].entry.seed_rmse[seed] == pytest.approx(expected, abs=1e-4)
    assert set(lines["stack"].entry.seed_rmse) == {0, 1}
    assert lines["forest"].entry.seed_rmse == {}


def test_a_run_of_joined_predictions_alone_has_blends_of_them(alone):
    leaderboard = make_leaderboard([alone])
    assert {line.entry.name for line in leaderboard.lines} == {
        "constant",
        "forest",
        "stack",
        "refined",
    }
    assert leaderboard.best is leaderboard.lines[0]
    assert leaderboard.best.entry.seed_rmse == {}
    both = make_leaderboard([joined_run(alone, "other", 1.0)])
    assert "mean" in {line.entry.name for line in both.lines}


def test_entries_are_made_again_when_other_predictions_are_joined(opened):
    first = trained_entries(opened)
    read = trained_entries(afresh(opened))
    assert [(e.name, e.kind) for e in read] == [(e.name, e.kind) for e in first]
    for one, other in zip(first, read, strict=True):
        assert len(one.trainings) == len(other.trainings)
        np.testing.assert_array_equal(one.oof, other.oof)
    replaced = joined_run(afresh(opened), "forest", 3.0, force=True)
    for one, other in zip(first[2:], trained_entries(replaced)[2:], strict=True):
        assert one.name == other.name
        assert not np.array_equal(one.oof, other.oof)


def test_the_tables_say_that_they_are_from_elsewhere_and_know_no_cost(opened):
    write_leaderboard(make_leaderboard([opened]))
    text = pd.read_csv(opened.run.folder / "leaderboard.csv", dtype=str, keep_default_na=False)
    rows = text.set_index("name")
    cost = ["kind", "trainings", "epochs", "images_per_second", "minutes", "parameters"]
    assert list(rows.loc["forest", cost]) == ["joined", "", "", "", "", ""]
    assert list(rows.loc["stack", cost]) == ["ensemble", "12", "", "", "12.0", "2000"]
    assert list(rows.loc["two", cost]) == ["model", "6", "2", "100.0", "6.0", "1000"]
    markdown = (opened.run.folder / "leaderboard.md").read_text()
    assert "| forest | joined | " in markdown
    assert "Joined lines are predictions that were made elsewhere." in markdown
    assert "| stack | forest, as it is | " in markdown


def test_runs_are_compared_with_what_is_joined_to_each(tmp_path, opened, alone):
    leaderboard = make_leaderboard([opened, alone])
    names = {line.entry.name for line in leaderboard.lines}
    assert {"run/forest", "alone/forest", "run/two", "alone/refined"} <= names


def test_the_best_network_needs_nothing_joined(opened, alone):
    leaderboard = make_leaderboard([opened])
    assert leaderboard.best.entry.name in ("stack", "refined", "forest")
    assert leaderboard.joined_members(leaderboard.best) == ["forest"]
    assert leaderboard.best_network.entry.name == "two"
    message = r"only joined predictions, such as '.*', which have no network here\. Train one with"
    with pytest.raises(UserError, match=message):
        make_leaderboard([alone]).best_network  # noqa: B018


def test_predictions_without_weight_for_annotator_1_are_not_needed(tmp_path):
    """The stack gives predictions that are far worse than the model's a weight for annotator 2."""
    run = finished_run(tmp_path / "run", DATA, {"good": [0.3]})
    leaderboard = make_leaderboard([joined_run(run, "bad", 20.0)])
    stack = next(line for line in leaderboard.lines if line.entry.name == "stack")
    of_first, of_second = stack.entry.weights["bad, as it is"]
    assert of_first == 0 < of_second
    assert leaderboard.joined_members(stack) == []
    assert leaderboard.best_network is leaderboard.best
