from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.system.errors import UserError
from kfold.folds.assignment import assign_folds

FOLDS = 5


@st.composite
def rows(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Many small groups, most of one annotator each: group and annotator of every row."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=60, max_size=120))
    groups = np.repeat(np.arange(len(sizes)), sizes)
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    annotator = 1 + (rng.random(len(sizes)) < 0.6)[groups].astype(np.int8)
    shuffled = rng.permutation(len(groups))
    return groups[shuffled], annotator[shuffled].astype(np.int8)


@settings(max_examples=25)
@given(rows(), st.integers(2, FOLDS), st.integers(0, 2**31))
def test_groups_stay_whole_and_annotators_mix(
    table: tuple[np.ndarray, np.ndarray], folds: int, seed: int
) -> None:
    groups, annotator = table
    assigned = assign_folds(groups, annotator, folds, seed)
    assert assigned.dtype == np.int64
    assert set(assigned) == set(range(folds))
    for group in np.unique(groups):
        assert len(set(assigned[groups == group])) == 1
    for a in (1, 2):
        shares = np.bincount(assigned[annotator == a], minlength=folds)
        assert np.ptp(shares) <= 8, "an annotator's rows per fold differ by two groups at most"


def test_a_seed_gives_one_assignment_and_another_seed_another() -> None:
    groups, annotator = np.arange(100), np.repeat([1, 2], 50).astype(np.int8)
    one, same, other = (assign_folds(groups, annotator, FOLDS, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_one_annotator_is_enough() -> None:
    assigned = assign_folds(np.arange(20), np.full(20, 2, np.int8), FOLDS)
    assert np.bincount(assigned).tolist() == [4] * FOLDS


@pytest.mark.parametrize("folds", [-1, 0, 1])
def test_fewer_than_two_folds_are_refused(folds: int) -> None:
    with pytest.raises(UserError, match=f"expected at least 2, found {folds}"):
        assign_folds(np.arange(9), np.ones(9, np.int8), folds)


def test_too_many_folds_are_refused_with_the_number_that_is_possible() -> None:
    groups, annotator = np.r_[np.arange(30), 0, 1, 1, 2], np.r_[np.full(30, 2), np.full(4, 1)]
    with pytest.raises(UserError, match=r"at most 3, found 4.*annotator 1.*FOLDS=3"):
        assign_folds(groups, annotator.astype(np.int8), 4)


def test_a_single_group_cannot_be_split() -> None:
    with pytest.raises(UserError, match="More training faces"):
        assign_folds(np.zeros(9, np.int64), np.ones(9, np.int8), 2)
