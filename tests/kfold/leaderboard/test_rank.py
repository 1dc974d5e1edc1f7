from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.kaggle.leaderboard import LEADERBOARD_FILE
from data.lookup import Lookup
from data.system.errors import UserError
from kfold.leaderboard.leaderboard import make_leaderboard
from kfold.leaderboard.rank import _FINAL, estimated_rank, leaderboard_scores
from tests.kfold.finished_run import finished_run, random_competition

NOWHERE = Path("nowhere")


@pytest.fixture(autouse=True)
def _without_data(tmp_path, monkeypatch):
    """Where no leaderboard was downloaded."""
    monkeypatch.chdir(tmp_path)


def test_the_final_leaderboard_is_complete_and_sorted():
    for half, best in (("private", 1.28236), ("public", 1.53319)):
        scores = leaderboard_scores(NOWHERE, half)
        assert len(scores) == 175
        assert list(scores) == sorted(scores)
        assert scores[0] == best


def test_a_score_gets_the_rank_of_the_team_that_reached_it():
    scores = leaderboard_scores(NOWHERE, "private")
    assert estimated_rank(1.0, scores) == 1
    assert estimated_rank(1.28236, scores) == 1
    assert estimated_rank(1.74049, scores) == 10
    assert estimated_rank(3.65, scores) == 99
    assert estimated_rank(1e9, scores) == 176


def test_a_downloaded_leaderboard_replaces_the_final_one(tmp_path):
    (tmp_path / LEADERBOARD_FILE).write_text("rank,private,public\n1,1.5,2.5\n2,2.0,2.25\n")
    assert leaderboard_scores(tmp_path, "private") == (1.5, 2.0)
    assert leaderboard_scores(tmp_path, "public") == (2.25, 2.5)
    pooled = [((a**2 + b**2) / 2) ** 0.5 for a, b in [(1.5, 2.5), (2.0, 2.25)]]
    assert leaderboard_scores(tmp_path) == pytest.approx(sorted(pooled))


@pytest.mark.parametrize("rank", [1, 10, 25, 100])
def test_a_score_over_the_whole_test_set_is_ranked_among_such_scores(rank):
    table = pd.read_csv(_FINAL).sort_values("private")
    private, public = table[["private", "public"]].iloc[rank - 1]
    estimate = estimated_rank(((private**2 + public**2) / 2) ** 0.5, leaderboard_scores(NOWHERE))
    assert abs(estimate - rank) <= 1 + 0.06 * rank


@pytest.mark.parametrize("content", ["rank,score\n1,2\n", "rank,private,public\n1,x,2\n", "r\n1"])
def test_an_error_names_the_damaged_leaderboard(tmp_path, content):
    (tmp_path / LEADERBOARD_FILE).write_text(content)
    with pytest.raises(UserError, match=f"{LEADERBOARD_FILE}: expected the columns"):
        leaderboard_scores(tmp_path)


def test_a_run_on_kaggles_data_is_ranked_among_the_downloaded_scores(tmp_path, monkeypatch):
    data = random_competition(train=60, test=12)
    labelled = (data.lookup.rows < 6) | (data.lookup.coordinates < 8)  # of both annotators
    lookup = Lookup(*(column[labelled] for column in vars(data.lookup).values()))
    monkeypatch.setattr("kfold.leaderboard.leaderboard.KAGGLE_TEST_IMAGES", 12)
    monkeypatch.setattr("kfold.leaderboard.leaderboard.KAGGLE_TEST_VALUES", len(lookup))
    data = replace(data, lookup=lookup)
    opened = finished_run(tmp_path / "run", data, {"good": [1.0]})
    (tmp_path / LEADERBOARD_FILE).write_text("rank,private,public\n1,0.5,0.5\n2,3.0,2.25\n")
    config = replace(opened.run.config, data=str(tmp_path))
    leaderboard = make_leaderboard([replace(opened, run=replace(opened.run, config=config))])
    ranks = {line.entry.name: line.rank for line in leaderboard.lines}
    assert leaderboard.teams == 2
    assert ranks == {"good": 2, "stack": 2, "refined": 2, "constant": 3}
    second = data.train.annotator == 2
    data.train.keypoints[second] = np.nan
    assert make_leaderboard([replace(opened, data=data)]).teams == 0  # not all values are scored
