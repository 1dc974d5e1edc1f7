"""Wrong labels are found by a short training that has learned from them, too."""

from dataclasses import replace

import numpy as np
import pytest

from data.demo_faces import demo_faces
from kfold.fit import fit_fold
from kfold.folds import deal_groups
from kfold.groups import person_groups
from kfold.predictions import Predictions
from kfold.presets import DEMO
from kfold.report.suspects import rank_suspects

WRONG_SHARE = 0.05


@pytest.fixture(scope="module")
def rendered():
    return demo_faces(240, np.random.SeedSequence(3), (0.0, 0.0), WRONG_SHARE)


def out_of_fold(faces, epochs, folder):
    """What the demo's recipe, so many epochs long, predicts for each face, (N, 15, 2) in px.

    Faces are as few as makes the test short: smaller batches make steps enough of them.
    """
    recipe = replace(DEMO.models["heatmap"], epochs=epochs, batch_size=8)
    folds = deal_groups(person_groups(faces).labels, faces.annotator, DEMO.folds)
    predicted = np.empty(faces.keypoints.shape)
    for fold in range(DEMO.folds):
        fit_fold(recipe, faces, faces[:1], folds, fold, 0, folder / f"{fold}")
        predictions = Predictions.read(folder / f"{fold}")
        predicted[predictions.rows] = predictions.oof.mean(axis=0)
    return predicted


def share_found(faces, flaws, predicted):
    """The share of the wrong rows among the first twice as many suspects."""
    wrong = set(np.flatnonzero(flaws.wrong).tolist())
    first = rank_suspects(faces, predicted)[: 2 * len(wrong)]
    return len(wrong & {suspect.row for suspect in first}) / len(wrong)


def test_nine_in_ten_are_among_the_first_twice_as_many(rendered, tmp_path):
    faces, flaws = rendered
    assert flaws.wrong.sum() == 12
    assert share_found(faces, flaws, out_of_fold(faces, 12, tmp_path)) >= 0.9


def test_what_has_learned_nothing_finds_too_few(rendered):
    faces, flaws = rendered
    everywhere = np.broadcast_to(np.nanmean(faces.keypoints, axis=0), faces.keypoints.shape)
    assert share_found(faces, flaws, everywhere) < 0.9
