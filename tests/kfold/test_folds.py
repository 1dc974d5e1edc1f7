from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.demo_faces import demo_faces
from data.errors import UserError
from kfold.folds import deal_groups
from kfold.groups import person_groups

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
    dealt = deal_groups(groups, annotator, folds, seed)
    assert dealt.dtype == np.int64
    assert set(dealt) == set(range(folds))
    for group in np.unique(groups):
        assert len(set(dealt[groups == group])) == 1
    for a in (1, 2):
        shares = np.bincount(dealt[annotator == a], minlength=folds)
        assert np.ptp(shares) <= 8, "a fold's share of an annotator strays by two groups at most"


def test_a_seed_gives_one_deal_and_another_seed_another() -> None:
    groups, annotator = np.arange(100), np.repeat([1, 2], 50).astype(np.int8)
    one, same, other = (deal_groups(groups, annotator, FOLDS, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_one_annotator_alone_is_fine() -> None:
    dealt = deal_groups(np.arange(20), np.full(20, 2, np.int8), FOLDS)
    assert np.bincount(dealt).tolist() == [4] * FOLDS


def test_faces_are_dealt_by_person() -> None:
    faces, flaws = demo_faces(120, np.random.SeedSequence(1), (0.0, 0.0))
    folds = deal_groups(person_groups(faces).labels, faces.annotator, 3)
    np.testing.assert_array_equal(folds, folds[flaws.source])


@pytest.mark.parametrize("folds", [-1, 0, 1])
def test_fewer_than_two_folds_are_refused(folds: int) -> None:
    with pytest.raises(UserError, match=f"expected at least 2, found {folds}"):
        deal_groups(np.arange(9), np.ones(9, np.int8), folds)


def test_too_many_folds_are_refused_with_the_number_that_is_possible() -> None:
    groups, annotator = np.r_[np.arange(30), 0, 1, 1, 2], np.r_[np.full(30, 2), np.full(4, 1)]
    with pytest.raises(UserError, match=r"at most 3, found 4.*annotator 1.*FOLDS=3"):
        deal_groups(groups, annotator.astype(np.int8), 4)


def test_a_single_group_cannot_be_dealt() -> None:
    with pytest.raises(UserError, match="More training faces"):
        deal_groups(np.zeros(9, np.int64), np.ones(9, np.int8), 2)
