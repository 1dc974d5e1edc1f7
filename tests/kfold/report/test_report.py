"""What the parts of a report say, without a browser."""

import csv
import io
import json
import os
import re
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from data.atomic import write_json
from data.competition import EYES, KEYPOINTS
from data.errors import UserError
from data.faces import Faces, mirror_keypoints
from kfold.ledger import LEDGER, Upload, open_ledger
from kfold.report.bias import average_faces, magnification
from kfold.report.board import Scale
from kfold.report.chart import drawing, inline
from kfold.report.cost import score_by_minutes
from kfold.report.error_analysis import PROPERTIES, worst_share
from kfold.report.gallery import gallery
from kfold.report.learning import learning_curves
from kfold.report.repeat_cards import versions
from kfold.report.repeats import find_repeats
from kfold.report.subject import open_subject
from kfold.report.uploads import submissions
from kfold.report.write import write_report
from kfold.run import Run, write_folds
from tests.kfold.finished_run import finished_run, random_competition

MEASURES = {title: measure for title, _, measure in PROPERTIES}


@pytest.fixture
def subject(planted, runs):
    return open_subject(runs[:1], planted.data)


def test_page_table_and_file_say_the_same(report):
    with (report / "leaderboard.csv").open() as file:
        rows = list(csv.DictReader(file))
    page = (report / "leaderboard.html").read_text()
    for row in rows:
        assert f">{float(row['rmse_trusted']):.3f}<" in page
        assert f"| {float(row['rmse_trusted']):.3f} |" in (report / "leaderboard.md").read_text()


def test_several_runs_get_a_report_of_their_own(planted, runs):
    write_report(runs, planted.data, Console(file=io.StringIO()))
    folder = runs[0][0].folder.with_name("one+two")
    page = (folder / "leaderboard.html").read_text()
    assert "one/good" in page
    assert "two/good" in page
    assert (folder / "suspects.csv").is_file()


def test_runs_of_different_data_are_not_compared(planted, runs):
    (one, folds), (two, _) = runs
    other = Run(two.folder, replace(two.config, checksum="1" * 64))
    with pytest.raises(UserError, match="expected runs of the same data"):
        open_subject([(one, folds), (other, folds)], planted.data)


@pytest.fixture
def ledger(subject):
    """Submissions of all runs, of which one belongs to the report's."""
    path = subject.folder.with_name(LEDGER)
    rows = [("one", 1.5, 1.7, 1.6), ("other", 2.0, 2.3, 2.0), ("other", 3.0, 3.2, 3.1)]
    with open_ledger(path) as uploads:
        for i, (run, *scores) in enumerate(rows):
            uploads.append(Upload("2026-01-01", run, f"{i}", "m", *scores, 9, reference=i))
    yield path
    path.unlink()


def test_uploads_are_listed_and_set_against_the_folds(ledger, subject):
    told = submissions(subject)
    header, *rows = told["uploads"]
    (told_of,) = (dict(zip(header, row, strict=True)) for row in rows)
    assert (told_of["private"], told_of["state"]) == ("1.60000", "scored")
    chart = str(told["relation_chart"])
    gap = np.mean([0.2, 0.3, 0.2])
    known = np.corrcoef([1.5, 2, 3], [1.7, 2.3, 3.2])[0, 1]
    assert (
        f"public against out-of-fold RMSE: correlation {known:+.3f}, mean gap {gap:+.3f}" in chart
    )
    assert chart.count("<use ") >= 6


def test_an_upload_that_kaggle_could_not_score_is_no_missing_score(ledger, subject):
    with open_ledger(ledger) as uploads:
        uploads[0] = replace(uploads[0], public=None, private=None, error="Too few rows")
    _, row = submissions(subject)["uploads"]
    assert row == [
        "2026-01-01",
        "one",
        "1.50000",
        "-",
        "-",
        "9",
        "error: Too few rows",
        "m",
    ]


def test_the_page_shows_the_relation(ledger, planted, runs):
    write_report(runs[:1], planted.data, Console(file=io.StringIO()))
    text = (ledger.parent / "one/leaderboard.html").read_text()
    assert "private against out-of-fold RMSE: correlation" in text
    assert 'id="relation-' in text


def test_before_the_first_submission_nothing_is_said_of_them(subject):
    assert submissions(subject) == {"uploads": [], "relations": [], "relation_chart": ""}


def test_a_single_score_is_drawn(ledger, subject):
    with open_ledger(ledger) as uploads:
        del uploads[1:]
    assert "correlation unknown" in submissions(subject)["relation_chart"]


def test_curves_are_of_trusted_labels_where_the_history_knows_them(planted, tmp_path):
    run, _ = finished_run(tmp_path / "run", planted.data, {"model": [1.0]})
    (curves,) = learning_curves([run])
    assert "RMSE over trusted labels, px" in curves.charts[1]
    assert "held out it ends between 1.90 and 1.90" in curves.charts[1]
    for path in run.folder.glob("model/*/*/history.json"):
        history = json.loads(path.read_text())
        write_json(path, {name: history[name] for name in history if "trusted" not in name})
    (curves,) = learning_curves([run])
    assert "RMSE over all labels, px" in curves.charts[1]
    assert "coarse" not in curves.charts[1]


def test_coarse_epochs_are_shaded(planted, tmp_path):
    run, _ = finished_run(tmp_path / "run", planted.data, {"model": [1.0]})
    models = {"model": replace(run.config.models["model"], coarse=0.5)}
    (curves,) = learning_curves([replace(run, config=replace(run.config, models=models))])
    assert all(">coarse</text>" in chart for chart in curves.charts)


def test_the_worst_images_share_of_the_error():
    labels = np.zeros((200, 15, 2), np.float32)
    faces = Faces(np.zeros((200, 96, 96), np.uint8), labels, np.arange(200), np.ones(200, np.int8))
    prediction = np.ones(labels.shape)
    assert worst_share(faces, prediction) == pytest.approx(0.01)
    prediction[:2] = 10
    assert worst_share(faces, prediction) == pytest.approx(200 / (200 + 198))


def test_size_and_tilt_of_a_face(subject):
    faces, upright = subject.data.train, subject.oof
    assert (MEASURES["Size"](faces, upright) > 5).all()
    tilt = MEASURES["Tilt"](faces, upright)
    np.testing.assert_allclose(MEASURES["Tilt"](faces, mirror_keypoints(upright)), -tilt, atol=1e-4)
    lowered = upright.copy()
    lowered[:, EYES[0], 1] += 5  # the subject's left eye is on the right: lower is clockwise
    assert (MEASURES["Tilt"](faces, lowered) > tilt).all()


def test_a_bias_becomes_an_arrow_in_its_direction(subject, runs):
    moved = subject.oof.copy()
    moved[:, 10] += [0, 3.0]
    entry = replace(subject.best.entry, oof=moved)
    biased = replace(subject, best=replace(subject.best, entry=entry))
    faces = list(average_faces(biased))
    assert [face.annotator for face in faces] == [1, 2]
    for face in faces:
        assert face.largest.keypoint == KEYPOINTS[10]
        assert face.largest.down == pytest.approx(3, abs=0.4)
        assert face.largest.right == pytest.approx(0, abs=0.4)
    assert magnification(faces) == 2


def test_repeated_photographs_are_found(planted, runs):
    repeats = find_repeats(planted.data.train, runs[0][0])
    flaws = planted.flaws
    copies = (flaws.source != np.arange(len(flaws.source))) & ~flaws.retaken
    assert repeats.copies == copies.sum() > 0
    assert repeats.sizes.sum() == len(planted.data.train)


def test_nearly_identical_photographs_are_found_within_groups(planted, tmp_path):
    train, source = planted.data.train, planted.flaws.source
    run, folds = finished_run(tmp_path / "run", planted.data, {"model": [1.0]})
    write_folds(run, train, source, folds)
    repeats = find_repeats(train, run)
    assert repeats.versions == planted.flaws.retaken.sum() > 0
    for rows in repeats.similar:
        assert len(rows) > 1
        assert len(set(source[rows])) == 1
    strips = versions(train, repeats)
    assert all(card.marks for cards in strips for card in cards)
    assert [len(cards) for cards in strips] == [len(rows) for rows in repeats.similar]


def test_the_gallery_holds_the_worst_of_each_annotator_first(subject):
    cards = [card for card in gallery(subject) if card.kind == "worst" and card.annotator == 1]
    errors = [card.error for card in cards[:18]]
    assert errors == sorted(errors, reverse=True)
    wrong = np.flatnonzero(subject.data.train.annotator == 1)
    assert len({card.title for card in cards}) == len(cards) <= len(wrong)


def test_places_on_a_scale():
    scale = Scale(1.0, 2.0)
    assert scale.x(0.9) is None
    assert scale.x(1.0) == scale.clipped(0.5) < scale.x(1.5) < scale.x(2.0) == scale.clipped(9.0)


def test_a_chart_takes_its_colours_from_the_page():
    with drawing(3, 2) as figure:
        figure.subplots().set_title("title")
        svg = inline(figure, "name", 'says "so" & more')
    assert svg.startswith('<svg class="chart" role="img" aria-label="says &#34;so&#34; &amp; more"')
    assert "var(--ink)" in svg
    assert "#0101" not in svg
    assert 'id="name-' in svg
    assert "<path" in svg
    assert ">title</text>" in svg


def test_a_run_that_learned_nothing_still_gets_its_report(tmp_path):
    data = random_competition(train=12, test=2)
    run, folds = finished_run(tmp_path / "run", data, {"model": [200.0]})
    for path in run.folder.glob("model/*/*/predictions.npz"):
        with np.load(path) as stored:
            rows, oof, test = (stored[name] for name in ("rows", "oof", "test"))
        np.savez(path, rows=rows, oof=np.zeros_like(oof), test=np.zeros_like(test))
    write_report([(run, folds)], data, Console(file=io.StringIO()))
    page = (run.folder / "leaderboard.html").read_text()
    assert ">nan<" not in page


def test_one_annotator_few_rows_and_a_keypoint_without_a_label_are_enough(tmp_path):
    data = random_competition(train=12, test=2)
    faces = data.train[data.train.annotator == 1]
    faces.keypoints[:, 5] = np.nan
    data = replace(data, train=faces, test=data.test[:0])
    run, folds = finished_run(tmp_path / "run", data, {"model": [1.0]})
    write_report([(run, folds)], data, Console(file=io.StringIO()))
    assert ">nan<" not in (run.folder / "leaderboard.html").read_text()
    assert "nan" not in (run.folder / "leaderboard.md").read_text()


def test_a_list_of_suspects_that_was_changed_by_hand_is_kept(tmp_path):
    data = random_competition(train=12, test=2)
    run, folds = finished_run(tmp_path / "run", data, {"model": [1.0]})
    suspects, printed = run.folder / "suspects.csv", io.StringIO()

    def report():
        write_report([(run, folds)], data, Console(file=printed, width=300))

    report()
    first = suspects.read_text()
    report()
    assert "changed by hand" not in printed.getvalue()
    suspects.write_text("as the user has it")
    os.utime(suspects, (0, 0))  # a copy of a run's folder may have any times
    for _ in range(2):
        report()
        assert suspects.read_text() == "as the user has it"
    assert printed.getvalue().count("changed by hand") == 2
    suspects.unlink()
    report()
    assert suspects.read_text() == first


def test_seeds_that_are_left_out_are_named(tmp_path):
    data = random_competition(train=12, test=2)
    run, folds = finished_run(tmp_path / "run", data, {"whole": [1.0, 1.0], "half": [1.0]})
    run.leave_out("half", 1, 2, "its loss became nan", diverged=True)
    printed = io.StringIO()
    write_report([(run, folds)], data, Console(file=printed))
    for text in (
        printed.getvalue(),
        (run.folder / "leaderboard.md").read_text(),
        (run.folder / "leaderboard.html").read_text(),
    ):
        assert "Left out: half seed 1 (its loss became nan)." in text


def test_what_a_better_score_costs_is_told_where_lines_cost_different_times(tmp_path):
    data = random_competition(train=12, test=2)
    run, folds = finished_run(tmp_path / "run", data, {"poor": [4.0], "good": [1.0, 1.0]})
    lines = open_subject([(run, folds)], data).lines
    alone = [line for line in lines if line.entry.name == "good"]
    assert score_by_minutes(alone) == ""
    drawn = score_by_minutes(lines)
    assert re.search(r"the best by then: 3 min \d.\d{3} px; 6 min \d.\d{3} px", drawn)
