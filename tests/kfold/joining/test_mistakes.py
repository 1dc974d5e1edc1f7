"""Common mistakes in predictions from elsewhere are named, and good ones are none."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.competition import MIRROR
from data.system.errors import UserError
from kfold.joining.mistakes import check_predictions
from kfold.joining.prediction_table import PredictionTable
from tests.kfold.joining.tables import FOLDS, face_competition, good_predictions

DATA = face_competition()
LABELS = DATA.train.keypoints
OOF, TEST = good_predictions(DATA)
ORDER = np.argsort(FOLDS, kind="stable")


def table(tmp_path, name, keypoints):
    return PredictionTable(tmp_path / name, np.arange(len(keypoints)) + 2, keypoints)


def check(oof, test, tmp_path, labels=LABELS):
    check_predictions(
        table(tmp_path, "oof.csv", oof), table(tmp_path, "test.csv", test), labels, FOLDS
    )


SCALES = {
    "0 to 1: multiply them by 96": lambda p: p / 96,
    "-1 to 1, (x - 48) / 48: take 48 x + 48": lambda p: (p - 48) / 48,
    "-0.5 to 0.5, x / 96 - 0.5: take 96 x + 48": lambda p: p / 96 - 0.5,
    "standardized, column by column: undo it": lambda p: (
        (p - np.nanmean(LABELS, axis=0)) / np.nanstd(LABELS, axis=0)
    ),
    "of images of about 22": lambda p: p * 224 / 96,
    "of images of about 4": lambda p: p / 2,
    "x and y are exchanged": lambda p: p[..., ::-1],
    "left and right are exchanged": lambda p: p[:, MIRROR],
    "the 30 columns hold all x before all y": lambda p: p.swapaxes(1, 2).reshape(len(p), 15, 2),
}
ORDERS = {
    "the row before": lambda p: np.roll(p, 1, axis=0),
    "the row after": lambda p: np.roll(p, -1, axis=0),
    "the rows are numbered fold after fold": lambda p: p[ORDER],
    "the images were mirrored": lambda p: p[:, MIRROR] * [-1, 1] + [95, 0],
}


@pytest.mark.parametrize("words", [*SCALES, *ORDERS])
def test_a_mistake_is_named_with_both_errors(tmp_path, words):
    make = (SCALES | ORDERS)[words]
    with pytest.raises(UserError) as refused:
        check(make(OOF), TEST, tmp_path)
    text = str(refused.value)
    assert words in text
    found = re.search(
        r"oof.csv: .* found some that are ([\d.]+) px from the labels \(RMSE\), "
        r"but ([\d.]+) px if ",
        text,
    )
    wrong, right = map(float, found.groups())
    assert right == pytest.approx(1, abs=0.3)
    assert wrong > 4


@pytest.mark.parametrize("words", SCALES)
def test_a_mistake_in_the_test_set_is_named_by_its_mean_face(tmp_path, words):
    with pytest.raises(UserError, match=r"test.csv: .* from those of oof.csv on average .*") as no:
        check(OOF, SCALES[words](TEST), tmp_path)
    assert words in str(no.value)


def test_the_labels_themselves_are_refused(tmp_path):
    copied = OOF - OOF + np.where(np.isfinite(LABELS), LABELS, 40) + 0.05
    message = r"an RMSE of 0.050 px over the labels: predicted by a model that was trained on these"
    with pytest.raises(UserError, match=message):
        check(copied, TEST, tmp_path)


def test_a_few_values_far_outside_do_not_hide_a_mistake(tmp_path):
    spoiled = OOF / 96
    spoiled[7, 3] = 1e300
    with pytest.raises(UserError, match="0 to 1"):
        check(spoiled, TEST, tmp_path)


def test_a_keypoint_without_labels_is_left_out(tmp_path):
    labels = LABELS.copy()
    labels[:, 5] = np.nan
    check(OOF, TEST, tmp_path, labels)
    with pytest.raises(UserError, match="0 to 1"):
        check(OOF / 96, TEST, tmp_path, labels)


@given(
    noise=st.floats(0.2, 12),
    seed=st.integers(0, 99),
    shift=st.tuples(st.floats(-4, 4), st.floats(-4, 4)),
    shrink=st.floats(0, 1),
)
def test_bad_models_make_no_mistake(tmp_path_factory, noise, seed, shift, shrink):
    """Noisy, biased and shrunken to the mean face: worse than the baseline, and yet in order."""
    rng, mean = np.random.default_rng(seed), OOF.mean(axis=0)
    bad = [
        mean + shrink * (each - mean) + rng.normal(shift, noise, each.shape) for each in (OOF, TEST)
    ]
    check(*bad, tmp_path_factory.getbasetemp())
