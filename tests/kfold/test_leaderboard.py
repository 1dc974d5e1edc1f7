import csv

import numpy as np
import pytest
from rich.console import Console

from kfold.leaderboard import compare_runs, make_leaderboard
from kfold.score import interval, rmse
from kfold.tables import print_leaderboard, write_leaderboard
from tests.kfold.finished_run import FOLDS, finished_run, random_competition


@pytest.fixture
def data():
    return random_competition()


def by_name(lines):
    return {line.entry.name: line for line in lines}


def test_lines_are_scored_from_their_own_predictions_best_first(tmp_path, data):
    run, folds = finished_run(tmp_path / "run", data, {"good": [1.0], "bad": [6.0]})
    lines = make_leaderboard(run, data, folds)
    names = {"constant", "good", "bad", "mean", "stack", "refined"}
    assert {line.entry.name for line in lines} == names
    assert [line.trusted.rmse for line in lines] == sorted(line.trusted.rmse for line in lines)
    for line in lines:
        assert line.score.rmse == pytest.approx(rmse(data.train.keypoints, line.entry.oof))
        assert len(line.fold_rmse) == FOLDS
        assert line.rank is None
    assert by_name(lines)["good"].score.rmse == pytest.approx(1, abs=0.1)


def test_out_of_fold_predictions_are_put_back_into_their_rows(tmp_path, data):
    run, folds = finished_run(tmp_path / "run", data, {"exact": [0.0]})
    exact = by_name(make_leaderboard(run, data, folds))["exact"]
    assert exact.score.rmse == 0
    np.testing.assert_array_equal(exact.entry.test, np.full((12, 15, 2), 40.0))


def test_seeds_are_averaged(tmp_path, data):
    run, folds = finished_run(tmp_path / "run", data, {"model": [2.0] * 4})
    model = by_name(make_leaderboard(run, data, folds))["model"]
    assert model.score.rmse == pytest.approx(2 / np.sqrt(4), abs=0.1)
    assert len(model.entry.trainings) == 4 * FOLDS
    assert model.entry.minutes == 4 * FOLDS


def test_a_model_with_an_unfinished_fold_is_left_out(tmp_path, data):
    run, folds = finished_run(tmp_path / "run", data, {"whole": [1.0], "cut": [1.0]})
    (run.fold_folder("cut", 0, 1) / "done.json").unlink()
    names = set(by_name(make_leaderboard(run, data, folds)))
    assert names == {"constant", "whole", "stack", "refined"}


def test_the_constant_baseline_never_sees_the_fold_it_predicts(tmp_path, data):
    run, folds = finished_run(tmp_path / "run", data, {"any": [1.0]})
    before = by_name(make_leaderboard(run, data, folds))["constant"].entry.oof[folds == 0]
    data.train.keypoints[folds == 0] += 5
    after = by_name(make_leaderboard(run, data, folds))["constant"].entry.oof[folds == 0]
    np.testing.assert_array_equal(before, after)


def test_the_stacked_ensemble_prefers_the_better_model_and_is_not_worse_than_the_mean(
    tmp_path, data
):
    run, folds = finished_run(tmp_path / "run", data, {"good": [1.0], "bad": [6.0]})
    lines = by_name(make_leaderboard(run, data, folds))
    stacked = lines["stack"]
    for good, bad in zip(*stacked.entry.weights.values(), strict=True):
        assert good > 0.9
        assert good + bad == pytest.approx(1)
    assert stacked.score.rmse < lines["mean"].score.rmse


@pytest.mark.parametrize("name", ["stack", "refined"])
def test_an_ensemble_of_a_fold_is_not_fitted_on_it(tmp_path, data, name):
    run, folds = finished_run(tmp_path / "run", data, {"a": [1.0], "b": [2.0]})
    data.train.keypoints[1, 2] += 60  # in fold 1, so gross that it is not fitted
    before = by_name(make_leaderboard(run, data, folds))[name].entry.oof[folds == 0]
    data.train.keypoints[folds == 0] += 30
    after = by_name(make_leaderboard(run, data, folds))[name].entry.oof[folds == 0]
    np.testing.assert_array_equal(before, after)


def test_an_ensemble_blends_other_faces_as_it_blends_the_test_set(tmp_path, data):
    run, folds = finished_run(tmp_path / "run", data, {"good": [1.0], "bad": [6.0]})
    lines = by_name(make_leaderboard(run, data, folds))
    members = [member for name in ("good", "bad") for member in lines[name].entry.views]
    first = data.test.annotator == 1
    seen = np.stack([member.test[first] for member in members], axis=-1)
    for name in ("mean", "stack", "refined"):
        entry = lines[name].entry
        np.testing.assert_allclose(entry.blend(seen), entry.test[first], rtol=1e-6)
    good = lines["good"].entry
    np.testing.assert_allclose(good.blend(seen[..., : len(good.views)]), good.test[first])


def test_files_and_table_say_the_same(tmp_path, data):
    run, folds = finished_run(tmp_path / "run", data, {"good": [1.0], "bad": [6.0]})
    lines = make_leaderboard(run, data, folds)
    write_leaderboard(run.folder, lines)
    with (run.folder / "leaderboard.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == [line.entry.name for line in lines]
    assert {row["kind"] for row in rows} == {"baseline", "model", "ensemble"}
    for row, line in zip(rows, lines, strict=True):
        assert float(row["rmse"]) == pytest.approx(line.score.rmse, abs=1e-5)
        assert float(row["rmse_annotator_2"]) == pytest.approx(line.score.by_annotator[1], abs=1e-5)
    markdown = (run.folder / "leaderboard.md").read_text()
    console = Console(record=True, width=160)
    print_leaderboard(console, run.folder, lines)
    printed = console.export_text()
    for line in lines:
        assert f"| {line.score.rmse:.3f} |" in markdown
        assert f"{line.score.rmse:.3f}" in printed


def test_the_stack_takes_away_what_a_keypoint_is_always_wrong_by(tmp_path, data):
    run, folds = finished_run(tmp_path / "run", data, {"model": [0.5]}, bias=3.0)
    lines = by_name(make_leaderboard(run, data, folds))
    assert lines["model"].trusted.by_keypoint[3] > 2
    assert lines["stack"].trusted.by_keypoint[3] < 0.8
    assert lines["stack"].entry.weights == {"model, as it is": [1, 1]}


def test_gross_labels_are_flagged_not_trusted_and_not_fitted(tmp_path, data):
    run, folds = finished_run(tmp_path / "run", data, {"good": [1.0], "bad": [6.0]})
    clean = by_name(make_leaderboard(run, data, folds))["stack"]
    data.train.keypoints[0, 3] += 60
    stack = by_name(make_leaderboard(run, data, folds))["stack"]
    assert stack.flagged == pytest.approx(1 / data.train.labelled.sum())
    assert stack.score.rmse > 1.5 * stack.trusted.rmse
    assert stack.trusted.rmse == pytest.approx(clean.trusted.rmse, rel=0.02)


def test_each_seed_is_scored_alone_too(tmp_path, data):
    run, folds = finished_run(tmp_path / "run", data, {"model": [1.0, 3.0]})
    model = by_name(make_leaderboard(run, data, folds))["model"]
    assert model.seed_rmse == pytest.approx((1, 3), rel=0.1)


def test_an_annotator_without_a_row_to_fit_or_to_score_stops_nothing(tmp_path, data):
    second = data.train.annotator == 2
    run, folds = finished_run(tmp_path / "run", data, {"a": [1.0], "b": [2.0]})
    data.train.keypoints[second] = np.nan
    data.train.keypoints[folds == 0, 5] = np.nan
    lines = by_name(make_leaderboard(run, data, folds))
    for line in (lines["stack"], lines["refined"]):
        assert np.isnan(line.score.by_annotator[1])
        assert np.isfinite(line.entry.oof).all()
        assert np.isfinite(line.entry.test).all()
    write_leaderboard(run.folder, make_leaderboard(run, data, folds))


def test_the_learned_offsets_are_told(tmp_path, data):
    run, folds = finished_run(tmp_path / "run", data, {"model": [1.0]})
    write_leaderboard(run.folder, make_leaderboard(run, data, folds))
    markdown = (run.folder / "leaderboard.md").read_text()
    assert "| model | 1 | +0.50 |" in markdown
    assert "| model | 2 | +1.25 |" in markdown


def test_the_difference_to_the_best_is_paired_and_ties_are_told(tmp_path, data):
    run, folds = finished_run(tmp_path / "run", data, {"a": [1.0], "b": [1.0], "bad": [3.0]})
    best, *others = make_leaderboard(run, data, folds)
    assert best.behind == (0, 0, 0)
    assert best.tied
    for line in others:
        difference, low, high = line.behind
        assert difference == pytest.approx(line.trusted.rmse - best.trusted.rmse)
        assert low <= difference <= high
    lines = by_name([best, *others])
    assert not lines["bad"].tied
    assert not lines["constant"].tied
    low, high = interval(lines["a"].trusted.draws - lines["b"].trusted.draws)
    assert low < 0 < high


def test_several_runs_share_a_leaderboard(tmp_path, data):
    runs = [finished_run(tmp_path / name, data, {"model": [s]}) for name, s in [("x", 3), ("y", 1)]]
    lines = compare_runs(runs, data)
    names = [line.entry.name for line in lines]
    of_runs = {f"{run}/{name}" for run in "xy" for name in ("model", "stack", "refined")}
    assert set(names) == {"constant", *of_runs}
    assert names[0].startswith("y/")
    for line in make_leaderboard(*[runs[1][0], data, runs[1][1]]):
        if line.entry.kind == "model":
            assert by_name(lines)["y/model"].score.rmse == line.score.rmse
