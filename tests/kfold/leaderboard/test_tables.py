import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from data.competition import KEYPOINTS
from kfold.leaderboard.leaderboard import make_leaderboard
from kfold.leaderboard.tables import leaderboard_frame, print_leaderboard, write_leaderboard
from tests.kfold.finished_run import FOLDS, finished_run, random_competition


@pytest.fixture(scope="module")
def leaderboard(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    noise = {"good": [1.0, 1.0], "bad": [6.0]}
    written = make_leaderboard([finished_run(folder, random_competition(), noise)])
    write_leaderboard(written)
    return written


def test_the_csv_file_holds_the_scores(leaderboard):
    table = pd.read_csv(leaderboard.folder / "leaderboard.csv")
    assert set(table["kind"]) == {"baseline", "model", "ensemble"}
    for (_, row), line in zip(table.iterrows(), leaderboard.lines, strict=True):
        assert row["name"] == line.entry.name
        assert row["rmse"] == pytest.approx(line.score.rmse, abs=1e-5)
        assert row["rmse_annotator_2"] == pytest.approx(line.score.by_annotator[1], abs=1e-5)
        assert row["gap"] == pytest.approx(line.gap.mean, abs=1e-5)
        of_keypoints = [row[f"rmse_{name}"] for name in KEYPOINTS]
        np.testing.assert_allclose(of_keypoints, line.score.by_keypoint, atol=1e-5)


def test_numbers_in_the_csv_file_are_rounded_and_missing_ones_empty(leaderboard):
    text = pd.read_csv(leaderboard.folder / "leaderboard.csv", dtype=str, keep_default_na=False)
    rows = text.set_index("name")
    whole = ["trainings", "epochs", "parameters", "estimated_rank", "images_per_second", "minutes"]
    trainings = 2 * FOLDS
    assert list(rows.loc["good", whole]) == [f"{trainings}", "2", "1000", "", "100.0", "6.0"]
    assert list(rows.loc["constant", whole]) == ["0", "", "0", "", "", "0.0"]
    ensemble = [f"{trainings + FOLDS}", "", "2000", "", "", "9.0"]
    assert list(rows.loc["stack", whole]) == ensemble
    decimals = [len(value.partition(".")[2]) for value in text.filter(like="rmse").to_numpy().flat]
    assert max(decimals) == 5


def test_the_frame_is_what_the_csv_file_holds(leaderboard):
    stored = pd.read_csv(leaderboard.folder / "leaderboard.csv")
    frame = leaderboard_frame(leaderboard)
    pd.testing.assert_frame_equal(frame, stored.astype(frame.dtypes))


def test_markdown_and_terminal_show_the_same_scores(leaderboard):
    markdown = (leaderboard.folder / "leaderboard.md").read_text()
    console = Console(record=True, width=160)
    print_leaderboard(console, leaderboard)
    printed = console.export_text()
    for line in leaderboard.lines:
        assert f"| {line.score.rmse:.3f} |" in markdown
        assert f"{line.score.rmse:.3f}" in printed


def test_learned_offsets_are_shown_per_annotator(leaderboard):
    markdown = (leaderboard.folder / "leaderboard.md").read_text()
    assert "| good | 1 | +0.50 |" in markdown
    assert "| good | 2 | +1.25 |" in markdown


def test_a_leaderboard_without_labels_of_an_annotator_is_written(tmp_path):
    data = random_competition()
    opened = finished_run(tmp_path / "run", data, {"a": [1.0]})
    data.train.keypoints[data.train.annotator == 2] = np.nan
    write_leaderboard(make_leaderboard([opened]))
    table = pd.read_csv(tmp_path / "run" / "leaderboard.csv")
    assert table["rmse_annotator_2"].isna().all()
    assert "nan" not in (tmp_path / "run" / "leaderboard.md").read_text()
