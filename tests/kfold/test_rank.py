from kfold.rank import estimated_rank, private_scores


def test_the_frozen_leaderboard_is_whole_and_sorted():
    scores = private_scores()
    assert len(scores) == 175
    assert list(scores) == sorted(scores)


def test_ranks_are_those_of_the_teams_that_had_the_scores():
    assert estimated_rank(1.0) == 1
    assert estimated_rank(1.28236) == 1
    assert estimated_rank(1.74049) == 10
    assert estimated_rank(3.65) == 99
    assert estimated_rank(1e9) == 176
