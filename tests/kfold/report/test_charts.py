"""What the charts show, without a browser."""

import re
from dataclasses import replace

import numpy as np
import pytest

from data.competition import EYES, KEYPOINTS
from data.faces import Faces, mirror_keypoints
from kfold.leaderboard.leaderboard import make_leaderboard
from kfold.report.charts.error_distribution import worst_share
from kfold.report.charts.face_properties import face_roll, face_size
from kfold.report.charts.findings import findings
from kfold.report.charts.keypoint_bias import average_faces, magnification
from kfold.report.charts.learning_curves import learning_curves
from kfold.report.charts.svg import drawing, inline
from kfold.report.charts.training_cost import rmse_by_minutes
from tests.kfold.finished_run import finished_run, random_competition


def test_learning_curves_are_of_loss_and_capped_rmse_of_every_model(report):
    page = (report.folder / "leaderboard.html").read_text()
    for model, trainings in {"good": 6, "fair": 3, "poor": 3}.items():
        lines = f"of {model} by epoch, a line for each of {trainings} trainings; held-out it ends"
        assert f"Loss {lines} between 4.00 and 4.00." in page
        assert f"Capped RMSE, px {lines} between 1.90 and 1.90." in page
    assert "64x64" not in page


def test_low_resolution_epochs_are_shaded(planted, report):
    opened, run = planted.opened, planted.opened.run
    models = {"fair": replace(run.config.models["fair"], low_res_share=0.5)}
    shaded = replace(opened, run=replace(run, config=replace(run.config, models=models)))
    (curves,) = learning_curves(replace(report, runs=(shaded,)))
    assert all(">64x64</text>" in chart for chart in curves.charts)


def test_the_worst_images_share_of_the_error():
    labels = np.zeros((200, 15, 2), np.float32)
    faces = Faces(np.zeros((200, 96, 96), np.uint8), labels, np.arange(200), np.ones(200, np.int8))
    prediction = np.ones(labels.shape)
    assert worst_share(faces, prediction) == pytest.approx(0.01)
    prediction[:2] = 10
    assert worst_share(faces, prediction) == pytest.approx(200 / (200 + 198))


def test_size_and_roll_of_a_face(report):
    faces, upright = report.data.train, report.best.entry.oof
    assert (face_size(faces, upright) > 5).all()
    roll = face_roll(faces, upright)
    np.testing.assert_allclose(face_roll(faces, mirror_keypoints(upright)), -roll, atol=1e-4)
    lowered = upright.copy()
    lowered[:, EYES[0], 1] += 5  # the subject's left eye is on the right: lower is clockwise
    assert (face_roll(faces, lowered) > roll).all()


def test_findings_name_the_scores_of_both_annotators(report):
    *_, last = findings(report)
    one, two = report.best.capped.by_annotator
    assert last == f"The RMSE is {one:.2f} px for annotator 1 and {two:.2f} px for annotator 2."


def test_a_bias_becomes_an_arrow_in_its_direction(report):
    biased = report.best.entry.oof.copy()
    biased[:, 10] += [0, 3.0]
    best = replace(report.best, entry=replace(report.best.entry, oof=biased))
    faces = list(average_faces(replace(report, lines=(best,))))
    assert [face.annotator for face in faces] == [1, 2]
    for face in faces:
        assert face.largest.keypoint == KEYPOINTS[10]
        assert face.largest.down == pytest.approx(3, abs=0.4)
        assert face.largest.right == pytest.approx(0, abs=0.4)
    assert magnification(faces) == 2


def test_training_cost_is_drawn_where_lines_took_different_times(tmp_path):
    data = random_competition(train=12, test=2)
    opened = finished_run(tmp_path / "run", data, {"poor": [4.0], "good": [1.0, 1.0]})
    lines = make_leaderboard([opened]).lines
    alone = [line for line in lines if line.entry.name == "good"]
    assert rmse_by_minutes(alone) == ""
    drawn = rmse_by_minutes(lines)
    assert re.search(r"the best by then: 3 min \d.\d{3} px; 6 min \d.\d{3} px", drawn)


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
