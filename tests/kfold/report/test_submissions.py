from dataclasses import replace

import numpy as np
import pytest

from kfold.leaderboard.leaderboard import make_leaderboard
from kfold.report.charts.submissions import submissions
from kfold.submissions.ledger import LEDGER, open_ledger
from tests.kfold.finished_run import finished_run, random_competition
from tests.kfold.report.uploads import write_ledger


@pytest.fixture
def leaderboard(tmp_path):
    data = random_competition(train=12, test=2)
    return make_leaderboard([finished_run(tmp_path / "one", data, {"model": [1.0]})])


@pytest.fixture
def ledger(tmp_path):
    write_ledger(tmp_path / LEDGER)
    return tmp_path / LEDGER


def test_uploads_of_the_run_are_listed(ledger, leaderboard):
    (upload,) = submissions(leaderboard)["uploads"].to_dict("records")
    assert upload["run"] == "one"
    assert (upload["private"], upload["state"]) == ("1.60000", "scored")


def test_scores_of_all_runs_are_compared(ledger, leaderboard):
    chart = str(submissions(leaderboard)["score_chart"])
    gap = np.mean([0.2, 0.3, 0.2])
    known = np.corrcoef([1.5, 2, 3], [1.7, 2.3, 3.2])[0, 1]
    assert (
        f"public against out-of-fold RMSE: correlation {known:+.3f}, mean gap {gap:+.3f}" in chart
    )
    assert chart.count("<use ") >= 6


def test_an_upload_that_kaggle_could_not_score_shows_the_error(ledger, leaderboard):
    with open_ledger(ledger) as uploads:
        uploads[0] = replace(uploads[0], public=None, private=None, error="Too few rows")
    (row,) = submissions(leaderboard)["uploads"].to_numpy().tolist()
    state = "error: Too few rows"
    assert row == ["2026-01-01", "one", "1.50000", "-", "-", "9", state, "m"]


def test_before_the_first_submission_there_is_nothing_to_show(leaderboard):
    shown = submissions(leaderboard)
    assert shown.pop("uploads").empty
    assert shown == {"score_comparisons": [], "score_chart": ""}


def test_a_single_score_is_drawn(ledger, leaderboard):
    with open_ledger(ledger) as uploads:
        del uploads[1:]
    assert "correlation unknown" in submissions(leaderboard)["score_chart"]
