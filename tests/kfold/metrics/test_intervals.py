"""The intervals' coverage, by simulation."""

import numpy as np
import pytest

from kfold.metrics.intervals import bootstrap_rmse, interval, with_training_noise
from kfold.metrics.score import capped_errors, capped_rmse, root_mean

PAIRS = 400


def test_bootstrap_interval_covers_the_spread_of_fresh_samples():
    rng = np.random.default_rng(1)
    errors = rng.normal(0, 2, (500, 15, 2)) ** 2
    low, high = interval(bootstrap_rmse([errors], np.arange(500)))
    fresh = [np.sqrt((rng.normal(0, 2, (500, 15, 2)) ** 2).mean()) for _ in range(200)]
    assert np.mean([low <= value <= high for value in fresh]) > 0.7
    assert high - low < 6 * np.std(fresh)


def test_ten_faces_per_person_give_the_same_interval_as_one():
    rng = np.random.default_rng(6)
    errors = rng.normal(0, 2, (50, 15, 2)) ** 2
    once = bootstrap_rmse([errors], np.arange(50))
    tenfold = bootstrap_rmse([np.repeat(errors, 10, axis=0)], np.repeat(np.arange(50), 10))
    np.testing.assert_allclose(tenfold, once)


def test_draws_are_paired_so_a_small_constant_difference_is_significant():
    rng = np.random.default_rng(4)
    errors = rng.normal(0, 2, (300, 15, 2)) ** 2
    alone = np.arange(300)
    better, worse = bootstrap_rmse([errors, errors * 1.02], alone)
    low, high = interval(worse - better)
    assert 0 < low < high
    assert high - low < 0.2 * np.std(better)


def ties(rng, gap=0.0, seeds=1, training_noise=0.0):
    """Share of simulated pairs of predictors whose difference has an interval that reaches 0.

    Both err by normal noise, half of it shared, and by gross misses of their own at 0.05% of the
    labels. A predictor is the mean of its seeds; each seed's noise is a little larger or smaller.
    """
    return np.mean([_is_tie(rng, gap, seeds, training_noise) for _ in range(PAIRS)])


def _is_tie(rng, gap, seeds, training_noise):
    shape = (400, 15, 2)
    shared = rng.normal(0, 0.8, shape)
    scores, alone, draws = [], [], []
    for wider in (0, gap):
        own = rng.normal(0, 0.8 + wider, shape)
        own[rng.random(shape[:2]) < 0.0005] += 15
        factors = 1 + training_noise * rng.normal(size=seeds)
        errors = capped_errors(np.zeros(shape), shared + factors.mean() * own)
        scores.append(root_mean(errors))
        draws += [*bootstrap_rmse([errors], np.arange(len(errors)))]
        alone.append([capped_rmse(np.zeros(shape), shared + each * own) for each in factors])
    differences = np.subtract(*alone)
    ends = interval(draws[0] - draws[1])
    low, high = with_training_noise(scores[0] - scores[1], ends, differences)
    return low <= 0 <= high


def test_equal_pairs_are_ties_95_times_in_100():
    assert ties(np.random.default_rng(0)) == pytest.approx(0.95, abs=0.025)


@pytest.mark.parametrize("seeds", [2, 4])
def test_equal_recipes_are_ties_though_their_trainings_differ(seeds):
    rng = np.random.default_rng(seeds)
    assert ties(rng, seeds=seeds, training_noise=0.03) == pytest.approx(0.95, abs=0.035)


def test_one_seed_does_not_cover_training_noise():
    assert ties(np.random.default_rng(1), seeds=1, training_noise=0.03) < 0.9


def test_pairs_that_differ_clearly_are_no_ties():
    assert ties(np.random.default_rng(7), gap=0.1) < 0.05


def test_one_seed_leaves_the_interval_as_it_is():
    assert with_training_noise(1.0, (0.9, 1.2), [1.0]) == (0.9, 1.2)
    assert with_training_noise(1.0, (0.9, 1.2), []) == (0.9, 1.2)


def test_equal_seeds_leave_the_interval_as_it_is():
    assert with_training_noise(1.0, (0.9, 1.2), [1.0, 1.0]) == pytest.approx((0.9, 1.2))
