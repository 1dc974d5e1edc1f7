from dataclasses import replace

import numpy as np
import pytest

from data.competition import KEYPOINTS
from data.system.errors import UserError
from kfold.leaderboard.leaderboard import make_leaderboard
from kfold.leaderboard.tables import summary_table
from kfold.metrics.intervals import interval
from kfold.metrics.score import capped_rmse, rmse
from tests.kfold.finished_run import FOLDS, finished_run, random_competition
from tests.kfold.leaderboard.lines import lines_by_name


@pytest.fixture
def data():
    return random_competition()


def test_lines_are_scored_from_their_own_predictions_best_first(tmp_path, data):
    leaderboard = make_leaderboard(
        [finished_run(tmp_path / "run", data, {"good": [1.0], "bad": [6.0]})]
    )
    lines = leaderboard.lines
    names = {"constant", "good", "bad", "mean", "stack", "refined"}
    assert {line.entry.name for line in lines} == names
    assert [line.capped.rmse for line in lines] == sorted(line.capped.rmse for line in lines)
    for line in lines:
        assert line.score.rmse == pytest.approx(rmse(data.train.keypoints, line.entry.oof))
        assert len(line.fold_rmse) == FOLDS
        assert line.rank is None
        if line.entry.name == "good":
            assert line.score.rmse == pytest.approx(1, abs=0.1)
    assert leaderboard.best is lines[0]
    assert leaderboard.teams == 0
    assert leaderboard.folder == tmp_path / "run"


def test_out_of_fold_predictions_are_put_back_into_their_rows(tmp_path, data):
    exact = lines_by_name(finished_run(tmp_path / "run", data, {"exact": [0.0]}))["exact"]
    assert exact.score.rmse == 0
    np.testing.assert_array_equal(exact.entry.test, np.full((12, 15, 2), 40.0))


def test_seeds_are_averaged_and_scored_alone(tmp_path, data):
    model = lines_by_name(finished_run(tmp_path / "run", data, {"model": [2.0] * 4}))["model"]
    assert model.score.rmse == pytest.approx(2 / np.sqrt(4), abs=0.1)
    assert list(model.entry.seed_rmse.values()) == pytest.approx([2.0] * 4, rel=0.1)
    assert len(model.entry.trainings) == 4 * FOLDS
    assert model.entry.minutes == 4 * FOLDS


def test_each_seed_has_a_score_of_its_own(tmp_path, data):
    model = lines_by_name(finished_run(tmp_path / "run", data, {"model": [1.0, 3.0]}))["model"]
    assert model.entry.seed_rmse == pytest.approx({0: 1, 1: 3}, rel=0.1)


def test_a_model_with_an_unfinished_fold_is_left_out(tmp_path, data):
    opened = finished_run(tmp_path / "run", data, {"whole": [1.0], "cut": [1.0]})
    (opened.run.fold_folder("cut", 0, 1) / "done.json").unlink()
    assert set(lines_by_name(opened)) == {"constant", "whole", "stack", "refined"}
    leaderboard = make_leaderboard([opened])
    assert leaderboard.unfinished == "Left out: cut seed 0 (2 of 3 folds finished)."


def test_a_run_without_a_finished_model_has_no_best_line(tmp_path, data):
    opened = finished_run(tmp_path / "run", data, {"cut": [1.0]})
    (opened.run.fold_folder("cut", 0, 1) / "done.json").unlink()
    leaderboard = make_leaderboard([opened])
    assert [line.entry.name for line in leaderboard.lines] == ["constant"]
    with pytest.raises(UserError, match="expected a run with a model finished on all folds"):
        leaderboard.best  # noqa: B018


def test_the_constant_baseline_is_not_fitted_on_the_fold_it_predicts(tmp_path, data):
    opened = finished_run(tmp_path / "run", data, {"any": [1.0]})
    held_out = opened.folds == 0
    before = lines_by_name(opened)["constant"].entry.oof[held_out]
    data.train.keypoints[held_out] += 5
    after = lines_by_name(opened)["constant"].entry.oof[held_out]
    np.testing.assert_array_equal(before, after)


def test_outliers_are_neither_trusted_nor_fitted(tmp_path, data):
    opened = finished_run(tmp_path / "run", data, {"good": [1.0], "bad": [6.0]})
    clean = make_leaderboard([opened])
    assert clean.untrusted_share == 0
    data.train.keypoints[0, 3] += 60
    leaderboard = make_leaderboard([opened])
    assert leaderboard.untrusted_share == pytest.approx(1 / data.train.labelled.sum())
    assert not leaderboard.trusted.labelled[0, 3]
    stack, clean_stack = (
        next(line for line in found.lines if line.entry.name == "stack")
        for found in (leaderboard, clean)
    )
    assert stack.score.rmse > 1.5 * stack.trusted
    assert stack.trusted == pytest.approx(clean_stack.trusted, rel=0.02)


def test_the_gap_to_the_best_line_is_paired(tmp_path, data):
    opened = finished_run(tmp_path / "run", data, {"a": [1.0], "b": [1.0], "bad": [3.0]})
    best, *others = make_leaderboard([opened]).lines
    assert (best.gap.mean, best.gap.low, best.gap.high) == (0, 0, 0)
    assert best.tied
    for line in others:
        assert line.gap.mean == pytest.approx(line.capped.rmse - best.capped.rmse)
        assert line.gap.low <= line.gap.mean <= line.gap.high
    lines = {line.entry.name: line for line in [best, *others]}
    assert not lines["bad"].tied
    assert not lines["constant"].tied
    low, high = interval(lines["a"].capped.draws - lines["b"].capped.draws)
    assert low < 0 < high


def test_a_line_scores_the_same_beside_any_other(tmp_path, data):
    data.train.keypoints[0, 3] += 60
    alone = lines_by_name(finished_run(tmp_path / "alone", data, {"a": [2.0]}))["a"]
    both = lines_by_name(finished_run(tmp_path / "both", data, {"a": [2.0], "better": [1.0]}))
    assert both["a"].capped.rmse == alone.capped.rmse
    assert both["a"].interval == alone.interval
    assert both["a"].fold_rmse == alone.fold_rmse


def test_intervals_are_wider_with_the_scatter_of_seeds(tmp_path, data):
    line = lines_by_name(finished_run(tmp_path / "run", data, {"a": [1.0, 3.0, 2.0]}))["a"]
    low, high = line.interval
    assert low < line.capped.low < line.capped.high < high
    assert line.seed_deviation == pytest.approx(np.std(list(line.entry.seed_rmse.values()), ddof=1))
    one = lines_by_name(finished_run(tmp_path / "one", data, {"a": [1.0]}))["a"]
    assert one.interval == (one.capped.low, one.capped.high)


def test_several_runs_share_a_leaderboard(tmp_path, data):
    x, y = (finished_run(tmp_path / name, data, {"model": [s]}) for name, s in [("x", 3), ("y", 1)])
    leaderboard = make_leaderboard([x, y])
    names = [line.entry.name for line in leaderboard.lines]
    of_runs = {f"{run}/{name}" for run in "xy" for name in ("model", "stack", "refined")}
    assert set(names) == {"constant", *of_runs}
    assert names[0].startswith("y/")
    assert leaderboard.folder == tmp_path / "x+y"
    shared = {line.entry.name: line for line in leaderboard.lines}["y/model"]
    assert shared.score.rmse == lines_by_name(y)["model"].score.rmse


def test_runs_of_different_data_are_not_compared(tmp_path, data):
    one = finished_run(tmp_path / "one", data, {"model": [1.0]})
    other = replace(data, checksum="1" * 64)
    two = finished_run(tmp_path / "two", other, {"model": [1.0]})
    with pytest.raises(UserError, match="expected runs of the same data"):
        make_leaderboard([one, two])


def test_corrected_labels_are_scored_beside_the_original_ones(tmp_path, data):
    data.train.keypoints[3, 5] += 7
    data.train.keypoints[4, 6] = (5, 5)
    plain = finished_run(tmp_path / "plain", data, {"good": [1.0]})
    opened = finished_run(tmp_path / "run", data, {"good": [1.0]})
    labels = data.train.keypoints
    x, y = labels[3, 5] - 7
    lines = f"3,{KEYPOINTS[5]},set,{x},{y}", f"4,{KEYPOINTS[6]},drop,,", "5,,keep,,"
    (opened.run.folder / "corrections.csv").write_text(
        "\n".join(["row,keypoint,action,x,y", *lines])
    )
    run = replace(opened.run, config=replace(opened.run.config, corrections="ab" * 32))
    opened = replace(opened, run=run)
    board = make_leaderboard([opened])
    assert "were dropped and" in board.corrections
    assert board.corrections.startswith(
        f"Trained on corrected labels: of {data.train.labelled.sum():,}, 1 were dropped and 1 set."
    )
    corrected = labels.copy()
    corrected[3, 5], corrected[4, 6] = (x, y), np.nan
    for line in board.lines:
        assert line.corrected == pytest.approx(capped_rmse(corrected, line.entry.oof))
        assert line.capped.rmse == pytest.approx(capped_rmse(labels, line.entry.oof))
    assert "corrected" in summary_table(board)
    both = make_leaderboard([plain, opened])
    assert both.corrections.startswith("run: trained on corrected labels: of")
    assert not any(np.isnan(line.corrected) for line in both.lines)
    without = make_leaderboard([plain])
    assert (without.corrected, without.corrections) == (None, "")
    assert "corrected" not in summary_table(without)
