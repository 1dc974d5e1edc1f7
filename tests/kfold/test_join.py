"""`make folds` and `make join`, with the README's example of a scikit-learn model between them."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from data.demo import Demo, write_demo
from data.reader import read_competition
from data.system.command import run_command
from kfold import assign, cv, join
from kfold.config.cv_config import CVConfig
from kfold.config.presets import Preset
from kfold.config.recipe import Recipe
from kfold.folds.assignment import assign_folds
from kfold.folds.person_groups import person_groups
from kfold.leaderboard.leaderboard import make_leaderboard
from kfold.metrics.score import rmse
from kfold.runs.start import start_run
from submit import submit
from tests.kfold.finished_run import finish_training

ROOT = Path(__file__).parents[2]
FIRST, DATA = Path("runs/first"), Path("data/raw")
JOIN = ("FROM=forest", "NAME=forest")
QUIETLY = (
    "import sys; from data.system.command import run_command; from kfold.{0} import main, {1};"
    "run_command(main, {1}, sys.argv[1:]); assert not {{'tensorflow', 'keras'}} & set(sys.modules)"
)


def python(program, *words):
    """Run a program in another process, as from a shell, where a warning is an error."""
    command = [sys.executable, "-W", "error", "-c", program, *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The working directory, with a run that only predictions of a forest are joined to.

    Yields what each command printed.
    """
    readme = (ROOT / "kfold/joining/README.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("join"))
        write_demo(Demo(DATA, train=60, test=12))
        printed = {"folds": python(QUIETLY.format("assign", "FoldsOptions"), "RUN=first")}
        python(example)
        printed["join"] = python(QUIETLY.format("join", "JoinOptions"), "RUN=first", *JOIN)
        yield printed


def command(module, options, *words):
    run_command(module.main, options, words)


def refused(capsys, module, options, *words):
    """What a command that fails says."""
    with pytest.raises(SystemExit) as stop:
        command(module, options, *words)
    assert stop.value.code == 1
    return capsys.readouterr().err


def test_folds_are_assigned_as_cv_does_without_a_model(place):
    train = read_competition(DATA).train
    table = pd.read_csv(FIRST / "folds.csv")
    groups = person_groups(train).labels
    np.testing.assert_array_equal(table["fold"], assign_folds(groups, train.annotator, 5))
    config = json.loads((FIRST / "config.json").read_text())["config"]
    assert (config["models"], config["folds"]) == ({}, 5)
    assert "runs/first/folds.csv: 60 rows in 5 folds of " in place["folds"]
    for column in table:
        assert f"\n  {column} " in place["folds"]


def test_the_folds_of_a_run_are_shown_and_kept(place, capsys):
    before = (FIRST / "folds.csv").read_text()
    for words in (("RUN=first",), ("RUN=first", "FOLDS=5")):
        command(assign, assign.FoldsOptions, *words)
        assert "60 rows in 5 folds" in capsys.readouterr().out
    message = "runs/first was made with another configuration: folds was 5, now 4."
    assert message in refused(capsys, assign, assign.FoldsOptions, "RUN=first", "FOLDS=4")
    words = ("RUN=first", "MODELS=mask", "FOLDS=4")
    assert message in refused(capsys, cv, cv.CVOptions, *words)
    assert (FIRST / "folds.csv").read_text() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("FOLDS=1",), "folds: expected at least 2"),
        (("FOLDS=0",), "folds: expected at least 2"),
        (("DATA=nowhere",), "nowhere: no such folder"),
        (("RUN=a/b",), "RUN: expected a plain name"),
    ],
)
def test_folds_that_cannot_be_assigned_leave_no_run(place, capsys, words, message):
    assert message in refused(capsys, assign, assign.FoldsOptions, "RUN=none", *words)
    assert not Path("runs/none").exists()


def test_a_forest_is_a_line_of_the_leaderboard(place):
    labels = read_competition(DATA).train.keypoints
    oof = pd.read_csv("forest/oof.csv", index_col="row").iloc[:, 1:].to_numpy()
    lines = pd.read_csv(FIRST / "leaderboard.csv", index_col="name")
    assert set(lines.index) == {"constant", "forest", "stack", "refined"}
    expected = rmse(labels, np.clip(oof, 0, 96).reshape(labels.shape))
    assert lines.loc["forest", "rmse"] == pytest.approx(expected, abs=1e-4)
    assert lines.loc["forest", "rmse"] < lines.loc["constant", "rmse"]
    assert place["join"].startswith("runs/first: forest as 'forest': joined\n")
    assert re.search(r"\n forest +joined +\d\.\d{3} ", place["join"])


def test_the_same_command_again_joins_nothing_and_reports(place, capsys):
    before = (FIRST / "config.json").read_bytes()
    command(join, join.JoinOptions, "RUN=first", *JOIN)
    out = capsys.readouterr().out
    assert "runs/first: forest as 'forest': joined before, the same predictions" in out
    assert "With charts, faces and" in out
    assert (FIRST / "config.json").read_bytes() == before


def test_a_forest_is_submitted(place, capsys):
    submit.main(submit.SubmitOptions("first", entry="forest"))
    assert "from joined 'forest'" in capsys.readouterr().out
    sent = pd.read_csv(FIRST / "submission.csv", index_col="RowId")["Location"]
    asked = pd.read_csv(DATA / "IdLookupTable.csv", index_col="RowId")
    test = pd.read_csv("forest/test.csv", index_col="ImageId")
    for row, (image, name) in asked[["ImageId", "FeatureName"]].iterrows():
        assert sent[row] == pytest.approx(np.clip(test.at[image, name], 0, 96), abs=1e-3)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("FROM=forest",), "FROM and NAME: expected `make join RUN=<run> FROM=<folder with oof"),
        (("NAME=forest",), "FROM and NAME: expected `make join"),
        (("FROM=nowhere", "NAME=x"), "nowhere/oof.csv: expected a CSV file of predictions, found"),
        ((*JOIN, "RUN=none"), "runs/none: expected a run, found none. Runs there: first"),
        ((*JOIN, "DATA=nowhere"), "nowhere: no such folder"),
        (("FROM=data/raw", "NAME=x"), "data/raw/oof.csv: expected a CSV file of predictions"),
    ],
)
def test_what_cannot_be_joined_ends_with_a_message(place, capsys, words, message):
    before = (FIRST / "config.json").read_bytes()
    assert message in refused(capsys, join, join.JoinOptions, *words)
    assert (FIRST / "config.json").read_bytes() == before
    assert not Path("runs/none").exists()


def test_cv_refuses_a_model_of_its_name(place, capsys):
    Path("mine.json").write_text('{"folds": 5, "models": {"forest": {"epochs": 1}}}')
    message = "runs/first: models: 'forest' would be the name of a model and of joined predictions"
    for force in ("FORCE=0", "FORCE=1"):
        words = ("RUN=first", "CONFIG=mine.json", force)
        assert message in refused(capsys, cv, cv.CVOptions, *words)


def test_cv_goes_on_in_the_run_and_blends_its_networks_with_the_forest(place):
    folder = Path("runs/mixed")
    shutil.copytree(FIRST, folder)
    config = CVConfig(DATA, Preset({"model": Recipe("base", epochs=2)}, folds=5))
    data, console = read_competition(DATA), Console(file=io.StringIO())
    opened = start_run(config, data, folder, console)
    assert (folder / "folds.csv").read_text() == (FIRST / "folds.csv").read_text()
    for fold in range(5):
        held_out = np.flatnonzero(opened.folds == fold)
        folder = opened.run.fold_folder("model", 0, fold)
        finish_training(folder, data, held_out, 4.0, 0.0, np.random.default_rng(fold))
    lines = {line.entry.name: line for line in make_leaderboard([opened]).lines}
    assert set(lines) == {"constant", "model", "forest", "mean", "stack", "refined"}
    assert list(lines["stack"].entry.weights) == ["model, as it is", "forest, as it is"]
    both = (lines["model"].entry.oof + lines["forest"].entry.oof) / 2
    np.testing.assert_allclose(lines["mean"].entry.oof, both, atol=1e-4)
