import dataclasses

import numpy as np
import pytest

from kfold.submissions.correlation import compare_scores
from kfold.submissions.ledger import Upload


def row(number, out_of_fold, public, private):
    return Upload("t", "r", f"{number}", "m", out_of_fold, public, private, None, reference=number)


def test_correlation_and_gap_of_each_half():
    rows = [row(1, 1.0, 1.5, 1.25), row(2, 2.0, 2.5, 2.0), row(3, 3.0, 3.5, 3.5)]
    public, private = compare_scores(rows)
    assert public.correlation == pytest.approx(1)
    assert public.gap == pytest.approx(0.5)
    assert private.correlation == pytest.approx(np.corrcoef([1, 2, 3], [1.25, 2, 3.5])[0, 1])
    assert private.gap == pytest.approx(0.25)
    assert private.leaderboard.tolist() == [1.25, 2.0, 3.5]
    assert str(public) == (
        "public against out-of-fold RMSE: correlation +1.000, mean gap +0.500 px (files scored: 3)"
    )


def test_a_file_sent_twice_counts_once_and_one_without_a_score_not_at_all():
    rows = [row(1, 1.0, 1.5, 1.25), row(2, 2.0, 2.5, 2.0), row(3, 3.0, None, None)]
    public, _ = compare_scores([*rows, dataclasses.replace(rows[0], reference=4)])
    assert public.out_of_fold.tolist() == [1.0, 2.0]
    assert public.correlation is None
    assert "correlation unknown" in str(public)


def test_constant_scores_have_no_correlation():
    public, private = compare_scores([row(i, 1.0 + i, 2.0, 2.0 + i) for i in range(3)])
    assert public.correlation is None
    assert private.correlation == pytest.approx(1)


def test_without_scores_there_is_no_comparison():
    assert compare_scores([row(1, 1.0, None, None)]) == []
