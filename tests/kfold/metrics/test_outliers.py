import numpy as np

from kfold.metrics.outliers import far_labels, outliers


def predicted(noise):
    rng = np.random.default_rng(2)
    truth = rng.uniform(20, 75, (200, 15, 2))
    return truth, truth + rng.normal(0, noise, truth.shape)


def test_gross_label_errors_are_far_and_ordinary_ones_are_not():
    truth, prediction = predicted(1.2)
    truth[7, 3, 0] += 15
    truth[9] = np.nan
    assert np.argwhere(far_labels(truth, prediction)).tolist() == [[7, 3]]


def test_a_poor_prediction_calls_nothing_far():
    assert not far_labels(*predicted(6)).any()


def test_an_own_miss_of_one_prediction_is_no_outlier():
    truth, prediction = predicted(1.2)
    other = prediction.copy()
    other[4, 2] += 20
    truth[7, 3] += 20
    assert np.argwhere(outliers(truth, [prediction, other])).tolist() == [[7, 3]]


def test_no_label_more_or_less_changes_the_rest():
    truth, prediction = predicted(1.2)
    for wrong in (59, 61):  # around 2% of the labels
        moved = truth.copy()
        moved.reshape(-1, 2)[:wrong] += 20
        assert far_labels(moved, prediction).sum() == wrong
