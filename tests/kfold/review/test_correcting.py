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
from kfold.labels.duplicates import find_duplicates
from kfold.leaderboard.suspects import find_suspects
from kfold.report.write import write_report
from kfold.runs.run import Run
from kfold.training.training_data import training_data


def suspect_rows(opened):
    write_report([opened], Console(file=io.StringIO()))
    with (opened.run.folder / "suspects.csv").open() as file:
        return {int(line["row"]) for line in csv.DictReader(file)}


def trained_on(opened, path, folder):
    """The same run, as if it had been trained with the corrections in `path`."""
    shutil.copytree(opened.run.folder, folder)
    shutil.copy(path, folder / CORRECTIONS)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return replace(opened, run=Run(folder, replace(opened.run.config, corrections=digest)))


@pytest.fixture
def corrected(page, opened, faults, tmp_path):
    """The next run, after all suspects were corrected or marked as fine by keys."""
    while True:
        row = page.row
        if row in (faults.swapped, faults.single, faults.shifted, faults.most):
            page.press({faults.swapped: "x", faults.single: "t"}.get(row, "Shift+T"))
        else:
            page.press("f")
        page.press("n")
        if page.row == row:
            break
    return trained_on(opened, page.download(), tmp_path / "two")


def test_faults_are_gone_from_the_next_runs_suspects(opened, corrected, faults):
    planted = {faults.swapped, faults.single, faults.shifted, faults.most}
    assert planted <= suspect_rows(opened)
    assert suspect_rows(corrected) == set()
    page = (corrected.run.folder / "leaderboard.html").read_text()
    assert "None: every label is close enough to its prediction." in page


def test_corrected_labels_are_trained_on_and_scored_as_given(opened, corrected, faults):
    given = opened.data.train.keypoints
    labels = training_data(corrected).labelled.keypoints
    changed = np.flatnonzero((np.nan_to_num(labels) != np.nan_to_num(given)).any(axis=(1, 2)))
    assert {faults.swapped, faults.single, faults.shifted, faults.most} == set(changed.tolist())
    assert corrected.data.train.keypoints is given


def test_runs_with_different_corrections_are_compared_on_the_labels_as_given(
    opened, corrected, faults
):
    leaderboard = write_report([opened, corrected], Console(file=io.StringIO()))
    duplicates = find_duplicates(opened.data.train, opened.groups)
    compared, suspects = find_suspects(leaderboard, duplicates)
    assert compared is opened.data.train
    assert faults.swapped in {suspect.row for suspect in suspects}
