"""What a report writes and prints."""

import csv
import io
import os
import re
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from kfold.labels.suspects import Suspect
from kfold.leaderboard.leaderboard import Leaderboard
from kfold.report.write import update_suspects, write_report
from kfold.runs.locate import read_run
from kfold.runs.open_run import open_run
from kfold.submissions.ledger import LEDGER
from tests.kfold.finished_run import finished_run, random_competition
from tests.kfold.joining.tables import face_competition, joined_run
from tests.kfold.report.uploads import write_ledger

MARKDOWN, PAGE = "leaderboard.md", "leaderboard.html"


def report_on(*runs) -> tuple[Leaderboard, str]:
    """The leaderboard of runs, and what was printed."""
    printed = io.StringIO()
    return write_report(runs, Console(file=printed, width=300)), printed.getvalue()


def test_page_markdown_and_csv_show_the_same_scores(report):
    with (report.folder / "leaderboard.csv").open() as file:
        rows = list(csv.DictReader(file))
    page, markdown = ((report.folder / name).read_text() for name in (PAGE, MARKDOWN))
    assert len(rows) == len(report.lines)
    for row in rows:
        assert f">{float(row['rmse_capped']):.3f}<" in page
        assert f"| {float(row['rmse_capped']):.3f} |" in markdown


def test_suspects_are_the_wrong_rows(report, planted):
    with (report.folder / "suspects.csv").open() as file:
        rows = {int(row["row"]) for row in csv.DictReader(file)}
    assert {len(planted.data.train) - 1, len(planted.data.train) - 2} <= rows
    assert (report.folder / "suspects.csv.sha256").is_file()


@pytest.fixture(scope="module")
def compared(tmp_path_factory) -> tuple[Leaderboard, str]:
    """A report on two runs after submissions; the first run has a failed training."""
    folder, data = tmp_path_factory.mktemp("runs"), random_competition(train=12, test=2)
    one = finished_run(folder / "one", data, {"whole": [1.0, 1.0], "half": [1.0]})
    one.run.record_failure("half", 1, 2, "its loss became nan", diverged=True)
    write_ledger(folder / LEDGER)
    return report_on(one, finished_run(folder / "two", data, {"good": [1.1]}))


def test_several_runs_get_a_report_of_their_own(compared):
    leaderboard, printed = compared
    assert leaderboard.folder.name == "one+two"
    page = (leaderboard.folder / PAGE).read_text()
    assert "one/whole" in page
    assert "two/good" in page
    assert (leaderboard.folder / "suspects.csv").is_file()
    assert f"{leaderboard.folder / PAGE}" in printed
    assert 'REVIEW = "../one/review/index.html"' in page


def test_unfinished_seeds_are_named(compared):
    leaderboard, printed = compared
    files = [(leaderboard.folder / name).read_text() for name in (MARKDOWN, PAGE)]
    for text in (printed, *files):
        assert "Left out: one/half seed 1 (its loss became nan)." in text


def test_the_page_compares_out_of_fold_scores_with_kaggles(compared):
    page = (compared[0].folder / PAGE).read_text()
    assert "private against out-of-fold RMSE: correlation" in page
    assert 'id="scores-' in page


def test_a_run_that_learned_nothing_has_a_report(tmp_path):
    data = random_competition(train=12, test=2)
    opened = finished_run(tmp_path / "run", data, {"model": [200.0]})
    for path in opened.run.folder.glob("model/*/*/predictions.npz"):
        with np.load(path) as stored:
            rows, oof, test = (stored[name] for name in ("rows", "oof", "test"))
        np.savez(path, rows=rows, oof=np.zeros_like(oof), test=np.zeros_like(test))
    report_on(opened)
    assert ">nan<" not in (tmp_path / "run" / PAGE).read_text()


def test_one_annotator_few_rows_and_a_keypoint_without_labels_have_a_report(tmp_path):
    data = random_competition(train=12, test=2)
    faces = data.train[data.train.annotator == 1]
    faces.keypoints[:, 5] = np.nan
    data = replace(data, train=faces)
    _, printed = report_on(finished_run(tmp_path / "run", data, {"model": [1.0]}))
    page, markdown = ((tmp_path / "run" / name).read_text() for name in (PAGE, MARKDOWN))
    assert ">nan<" not in page
    assert "nan" not in markdown
    for text in (page, markdown, printed):
        assert "of the values that the test set asks for have no training labels" in text
        assert "right_eye_outer_corner of annotator 1, left_eye_center of annotator 2" in text


def test_a_run_of_joined_predictions_alone_has_a_report(tmp_path):
    opened = finished_run(tmp_path / "run", face_competition(), {})
    joined = joined_run(opened, "forest", 1.0)
    _, printed = report_on(joined)
    page, markdown = ((tmp_path / "run" / name).read_text() for name in (PAGE, MARKDOWN))
    assert ">nan<" not in page
    assert "nan" not in markdown
    assert "<small>joined</small>" in page
    assert "<b>Joined</b> lines are" in page
    assert "None: no model was trained in this run." in page
    assert f"forest {joined.run.config.joined['forest'][:12]}" in page
    for text in (markdown, printed):
        assert re.search(r"forest\W+joined", text)


def test_joined_predictions_that_are_gone_are_named(tmp_path):
    opened = finished_run(tmp_path / "run", face_competition(), {"model": [2.0]})
    joined = joined_run(opened, "forest", 1.0)
    (file,) = (tmp_path / "run/joined").iterdir()
    file.unlink()
    leaderboard, printed = report_on(open_run(read_run(joined.run.folder), joined.data))
    assert "forest" not in {line.entry.name for line in leaderboard.lines}
    page, markdown = ((tmp_path / "run" / name).read_text() for name in (PAGE, MARKDOWN))
    for text in (markdown, printed, page.replace("&#39;", "'")):
        assert f"Left out: forest (joined/{file.name} is missing; run its `make join` ag" in text
        assert "Joined</b>" not in text


def test_suspects_edited_by_hand_are_kept(tmp_path):
    data = random_competition(train=12, test=2)
    path, printed = tmp_path / "suspects.csv", io.StringIO()

    def update(*suspects):
        update_suspects(path, suspects, data, Console(file=printed, width=300))

    update()
    update(Suspect(3, 9.0, (), "most", "all labels are far off"))
    assert "all labels are far off" in path.read_text()
    assert printed.getvalue() == ""
    path.write_text("edited")
    os.utime(path, (0, 0))  # copying a run's folder may change the time of every file
    for _ in range(2):
        update()
        assert path.read_text() == "edited"
    assert printed.getvalue().count("edited by hand") == 2
    path.unlink()
    update(Suspect(3, 9.0, (), "most", "all labels are far off"))
    assert "all labels are far off" in path.read_text()
