from dataclasses import replace

import numpy as np
import pytest

from data.competition import KEYPOINTS, SECOND_ANNOTATOR
from kfold.labels.coverage import MIN_SHARE, learnable, unlabelled_values
from tests.kfold.finished_run import random_competition


@pytest.fixture
def data():
    return random_competition(train=400)


def test_each_annotator_learns_what_it_labels(data):
    learned = learnable(data.train, mirrored=False)
    assert learned[0].all()
    assert np.flatnonzero(learned[1]).tolist() == [0, 1, 2, 3]  # as this competition labels


def test_a_handful_of_labels_is_not_learned(data):
    few = data.train.keypoints.copy()
    second = np.flatnonzero(data.train.annotator == 2)
    few[second[int(MIN_SHARE * 200) :]] = np.nan
    assert not learnable(replace(data.train, keypoints=few), mirrored=False)[1].any()
    few[second[0] : second[0] + 20, 0] = 40
    assert np.flatnonzero(learnable(replace(data.train, keypoints=few), False)[1]).tolist() == [0]


def test_mirrored_faces_teach_a_keypoint_by_its_partner(data):
    faces = data.train.without(np.arange(15)[None] == KEYPOINTS.index("left_eye_center"))
    assert not learnable(faces, mirrored=False)[:, 0].any()
    assert learnable(faces, mirrored=True)[:, 0].all()
    faces = data.train.without(np.arange(15)[None] == KEYPOINTS.index("nose_tip"))
    assert not learnable(faces, mirrored=True)[:, SECOND_ANNOTATOR[2]].any()


def test_values_that_nobody_labelled_are_named_with_their_share(data):
    data = random_competition(train=400)
    first = data.train[data.train.annotator == 1]
    data = replace(data, train=first)
    text = unlabelled_values(data)  # half of the 12 test faces are the second annotator's
    assert "50.0% of the values that the test set asks for" in text
    assert "left_eye_center of annotator 2" in text
    assert "annotator 1" not in text


def test_values_of_a_complete_training_set_need_no_warning(data):
    asked = np.isin(data.lookup.coordinates // 2, range(4)) | (data.lookup.rows < 6)
    rows, coordinates = data.lookup.rows[asked], data.lookup.coordinates[asked]
    lookup = replace(data.lookup, rows=rows, coordinates=coordinates)
    assert unlabelled_values(replace(data, lookup=lookup)) == ""
