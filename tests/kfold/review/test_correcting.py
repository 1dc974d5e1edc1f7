"""A wrong label is found, corrected on the page, trained on, and no suspect of the next run."""

import csv
import hashlib
import io
import shutil
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from kfold.config.cv_config import CORRECTIONS
from kfold.report.write import write_report
from kfold.review.page import review_page
from kfold.runs.run import Run
from kfold.training.training_data import training_data
from tests.kfold.review.review_page import open_review


def suspect_rows(*runs):
    folder = write_report(runs, Console(file=io.StringIO())).folder
    with (folder / "suspects.csv").open() as file:
        return {int(line["row"]) for line in csv.DictReader(file)}


def trained_on(opened, path, folder):
    """The same run, as if it had been trained with the corrections in `path`."""
    shutil.copytree(opened.run.folder, folder)
    shutil.copy(path, folder / CORRECTIONS)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return replace(opened, run=Run(folder, replace(opened.run.config, corrections=digest)))


@pytest.fixture(scope="module")
def corrected(browser, planted, faults, tmp_path_factory):
    """The next run, after all suspects were corrected or marked as fine by keys."""
    keys = dict.fromkeys((faults.shifted, faults.most), "Shift+T")
    keys |= {faults.swapped: "x", faults.single: "t"}
    with open_review(browser, review_page(planted.run).as_uri()) as page:
        count = int(page.place.removeprefix("1 of "))
        for _ in range(count):
            page.press(keys.get(page.row, "f"), "n")
        assert page.text(".progress output") == f"{count} of {count} done"
        return trained_on(planted, page.download(), tmp_path_factory.mktemp("next") / "two")


def test_faults_are_gone_from_the_next_runs_suspects(planted, corrected, faults):
    assert {faults.swapped, faults.single, faults.shifted, faults.most} <= suspect_rows(planted)
    assert suspect_rows(corrected) == set()
    page = (corrected.run.folder / "leaderboard.html").read_text()
    assert "None: every label is close enough to its prediction." in page


def test_corrected_labels_are_trained_on_and_scored_as_given(planted, corrected, faults):
    given = planted.data.train.keypoints
    labels = training_data(corrected).labelled.keypoints
    changed = np.flatnonzero((np.nan_to_num(labels) != np.nan_to_num(given)).any(axis=(1, 2)))
    assert {faults.swapped, faults.single, faults.shifted, faults.most} == set(changed.tolist())
    assert corrected.data.train.keypoints is given


def test_runs_with_different_corrections_are_compared_on_the_labels_as_given(planted, corrected):
    assert suspect_rows(planted, corrected) == suspect_rows(planted)
