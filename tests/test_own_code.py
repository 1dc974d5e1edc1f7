"""A user's file through the real commands: trained, killed, resumed, changed, predicted with."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from data.demo import Demo, write_demo
from data.reader import read_competition
from kfold import export, predict
from kfold.runs.locate import read_run
from tests.kfold.custom.idea import IDEA
from tests.kfold.parallel.trainings import assert_same

ROOT = Path(__file__).parents[1]
CV = ("kfold.cv", "DATA=demo", "CODE=idea.py", "FOLDS=2", "JOBS=1")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The working directory of the commands, with demo data and a user's file."""
    folder = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name, value in {"PYTHONPATH": ROOT, "HOME": folder, "COLUMNS": 160}.items():
            patch.setenv(name, str(value))
        write_demo(Demo(Path("demo"), train=40, test=12))
        Path("idea.py").write_text(IDEA)
        yield folder


def start(module, *words):
    return subprocess.Popen(
        [sys.executable, "-m", module, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(module, *words):
    process = start(module, *words)
    out, err = process.communicate(timeout=300)
    assert "Traceback" not in err, err
    return process.returncode, out, err


@pytest.fixture(scope="module")
def first(place):
    """How the command ended that made the run `first`, by a file that is gone."""
    path = Path("lost.py")
    path.write_text(IDEA)
    ended = run(*CV, "CODE=lost.py", "RUN=first")
    path.unlink()
    return ended


def test_a_users_model_is_a_line_of_the_leaderboard(first, place):
    code, out, err = first
    assert (code, err) == (0, "")
    assert "lost.py: trying its models on a few faces of noise" in out
    assert set(pd.read_csv("runs/first/leaderboard.csv")["name"]) >= {"mine", "stack", "refined"}
    kept = json.loads(Path("runs/first/config.json").read_text())["config"]["models"]["mine"]
    assert "\n".join(kept["code"]["lines"]) == IDEA
    page = Path("runs/first/leaderboard.html").read_text()
    assert "<h3>gentle</h3>" in page  # its augmentation is shown
    assert "def gentle(*, turn: Annotated[float" in page  # and its text


def test_a_killed_training_goes_on_and_ends_the_same(first, place):
    process = start(*CV, "RUN=killed")
    while not list(place.glob("runs/killed/mine/seed0/*/done.json")):
        time.sleep(0.01)
        assert process.poll() is None, process.communicate()
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    code, out, _ = run(*CV, "RUN=killed")
    assert (code, out.count("finished before, skipped")) == (0, 1)
    runs = [read_run(Path("runs", name)) for name in ("first", "killed")]
    assert_same(runs[0], "mine", runs[1], "mine")


def test_another_text_is_refused_with_the_difference(first, place, tmp_path):
    other = tmp_path / "idea.py"
    other.write_text(IDEA.replace("layers.AveragePooling2D(4)", "layers.MaxPooling2D(4)"))
    code, _, err = run(*CV, f"CODE={other}", "RUN=first")
    assert code == 1
    assert (
        "mine.code, idea.py:\n    @@ -15 +15 @@\n"
        "    -    x = layers.AveragePooling2D(4)(x)\n    +    x = layers.MaxPooling2D(4)(x)\n"
    ) in err
    assert 'MODELS="mine" FORCE=1 to forget what was trained otherwise' in err


def test_a_kept_text_predicts_photos_and_is_exported(first, place, tmp_path, capsys):
    image = read_competition(Path("demo")).train.images[0]
    Image.fromarray(np.asarray(image)).save(tmp_path / "face.png")
    predict.main(predict.PredictOptions((tmp_path / "face.png",), "first", whole=True))
    assert json.loads(next(Path("runs/first/predicted").glob("*.json")).read_text())
    export.main(export.ExportOptions("first"))
    assert "keypoints.tflite" in capsys.readouterr().out
    exported = {path.name for path in Path("runs/first/exported").iterdir()}
    assert exported == {"keypoints.keras", "keypoints.tflite"}
