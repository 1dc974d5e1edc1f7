"""The real commands, one after the other, on a few rendered faces: four files in, a score out."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.demo import Demo, write_demo
from data.system.command import run_command
from data.system.errors import UserError
from kfold import cv
from kfold.labels.suspects import COLUMNS
from kfold.leaderboard.entries import constant_baseline
from kfold.leaderboard.leaderboard import make_leaderboard
from kfold.metrics.score import rmse
from kfold.runs.open_run import open_named_run
from submit import submit
from tests.tiny_run import tiny_preset, write_config

ROOT = Path(__file__).parents[1]
CV = ("DATA=demo", "CONFIG=tiny.json", "CORRECTIONS=found.csv", "JOBS=2")
FILE_SIZE = 1 << 18
"""Bytes of the largest file that a run with a full disk may write: not enough for weights."""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The working directory of the commands, with demo data, a configuration and corrections."""
    folder = tmp_path_factory.mktemp("chain")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in os.environ:
            if name.startswith("KAGGLE"):
                patch.delenv(name)
        for name, value in {"PYTHONPATH": ROOT, "HOME": folder, "COLUMNS": 160}.items():
            patch.setenv(name, str(value))
        write_demo(Demo(Path("demo"), train=30, test=12))
        write_config(Path("tiny.json"), tiny_preset(epochs=2, folds=3, network="regression"))
        found = [
            {"row": 0, "keypoint": "nose_tip", "action": "set", "x": 1, "y": 1},
            {"row": 1, "action": "drop"},
        ]
        pd.DataFrame(found, columns=COLUMNS).astype({"row": int}).to_csv("found.csv", index=False)
        yield folder


def start_cv(*words, prepare=None):
    return subprocess.Popen(
        [sys.executable, "-m", "kfold.cv", *CV, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=prepare,
    )


@dataclass(frozen=True)
class Step:
    """How a command ended, and the files in the run's folder then, with their times of change."""

    code: int
    out: str
    err: str
    files: dict[str, int]

    @property
    def finished(self):
        return {path: time for path, time in self.files.items() if path.endswith("done.json")}


def end(process, folder):
    """Wait for the end of a command and of its workers, which hold its output."""
    out, err = process.communicate(timeout=300)
    assert "Traceback" not in err, err
    files = [path for path in folder.rglob("*") if path.is_file()]
    changed = {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in files}
    return Step(process.returncode, out, err, changed)


def wait_for(process, pattern, folder):
    """Wait until a path in the run's folder exists, while the command runs."""
    while not list(folder.glob(pattern)):
        time.sleep(0.01)
        assert process.poll() is None, process.communicate()


def limit_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_SIZE, FILE_SIZE))


@pytest.fixture(scope="module")
def first(place):
    """The run `first`, finished without a disturbance, and how its command ended."""
    folder = place / "runs/first"
    return folder, end(start_cv("RUN=first"), folder)


@pytest.fixture(scope="module")
def disturbed(place, first):
    """A run that was disturbed in four ways and then finished; the step of each command."""
    folder, steps = place / "runs/disturbed", {}

    process = start_cv("RUN=disturbed")
    wait_for(process, "folds.csv", folder)
    process.kill()  # only the command: its workers must end by themselves
    steps["killed before the first fold"] = end(process, folder)

    steps["disk full"] = end(start_cv("RUN=disturbed", prepare=limit_files), folder)

    process = start_cv("RUN=disturbed")
    wait_for(process, "tiny/seed0/*/done.json", folder)
    os.killpg(process.pid, signal.SIGINT)
    steps["interrupted"] = end(process, folder)

    process = start_cv("RUN=disturbed")
    wait_for(process, "tiny/seed0/fold2", folder)
    process.kill()
    steps["killed in the last fold"] = end(process, folder)

    steps["finished"] = end(start_cv("RUN=disturbed"), folder)
    return folder, steps


def test_cv_leaves_everything_a_run_is(first):
    folder, step = first
    assert (step.code, step.err) == (0, "")
    assert "30 training faces" in step.out
    assert "held-out RMSE" in step.out
    of_run = ["config.json", "corrections.csv", "folds.csv"]
    of_report = [f"leaderboard.{kind}" for kind in ("csv", "md", "html")]
    of_report += ["entries.npz", "suspects.csv", "suspects.csv.sha256", "review/index.html"]
    of_fold = ["model.weights.h5", "history.json", "predictions.npz", "done.json"]
    trained = [f"tiny/seed0/fold{fold}/{name}" for fold in range(3) for name in of_fold]
    assert set(step.files) == {*of_run, *of_report, *trained}
    lines = pd.read_csv(folder / "leaderboard.csv")["name"]
    assert set(lines) == {"constant", "tiny", "stack", "refined"}
    assert "data:image/jpeg;base64," in (folder / "leaderboard.html").read_text()


def test_cv_again_trains_nothing(first, capsys):
    folder, step = first
    run_command(cv.main, cv.CVOptions, [*CV, "RUN=first"])
    assert capsys.readouterr().out.count("finished before, skipped") == 3
    trained = {path: time for path, time in step.files.items() if path.startswith("tiny/")}
    assert {path: (folder / path).stat().st_mtime_ns for path in trained} == trained


def test_report_is_written_again_without_tensorflow(first):
    folder, _ = first
    before = (folder / "leaderboard.csv").read_text()
    (folder / "leaderboard.csv").unlink()
    program = (
        "import sys; from data.system.command import run_command;"
        "from kfold.report.__main__ import main, ReportOptions;"
        "run_command(main, ReportOptions, ['RUN=first']);"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    assert (folder / "leaderboard.csv").read_text() == before


def test_submit_writes_what_the_best_trained_line_predicts(first, capsys):
    folder, _ = first
    submit.main(submit.SubmitOptions("first"))
    out = capsys.readouterr().out
    assert "demo holds rendered faces, which Kaggle cannot score: not uploaded." in out
    opened = open_named_run("first")
    best, lookup = make_leaderboard([opened]).best.entry, opened.data.lookup
    assert f"{best.kind} {best.name!r}" in out
    submitted = pd.read_csv(folder / "submission.csv")
    sample = pd.read_csv("demo/SampleSubmission.csv")
    np.testing.assert_array_equal(submitted["RowId"], sample["RowId"])
    values = best.test.reshape(12, 30)[lookup.rows, lookup.coordinates]
    np.testing.assert_allclose(submitted["Location"], values, atol=1e-3)


def test_corrections_are_for_training_but_not_for_the_score(first):
    """Two corrections with the columns of a report's suspects."""
    folder, step = first
    assert "found.csv: 2 corrections" in " ".join(step.out.split())
    config = json.loads((folder / "config.json").read_text())["config"]
    assert len(config["corrections"]) == 64
    opened = open_named_run("first")
    data = opened.data
    baseline = constant_baseline(data.train, data.test, opened.folds)
    scores = pd.read_csv(folder / "leaderboard.csv", index_col="name")["rmse"]
    assert scores["constant"] == pytest.approx(rmse(data.train.keypoints, baseline.oof), abs=1e-5)


@pytest.mark.parametrize(
    ("word", "message"),
    [("EPOCHS=3", "tiny.epochs was 2, now 3"), ("CORRECTIONS=", "corrections was")],
)
def test_another_configuration_under_the_same_name_is_refused(first, capsys, word, message):
    words = [other for other in CV if not other.startswith(word.partition("=")[0])]
    with pytest.raises(SystemExit) as stop:
        run_command(cv.main, cv.CVOptions, [*words, word, "RUN=first"])
    assert stop.value.code == 1
    assert message in capsys.readouterr().err


def test_an_entry_that_the_leaderboard_lacks_is_refused(first):
    with pytest.raises(UserError, match=r"expected one of .*refined"):
        submit.main(submit.SubmitOptions("first", entry="best"))


def test_config_repeats_the_run(first):
    folder, _ = first
    stored = json.loads((folder / "config.json").read_text())
    assert stored["config"]["models"]["tiny"]["epochs"] == 2
    assert stored["made_with"][-1]["keras"]


@pytest.mark.parametrize("moment", ["killed before the first fold", "killed in the last fold"])
def test_a_killed_run_that_is_started_again_is_the_same_run(first, disturbed, moment):
    reference, _ = first
    folder, steps = disturbed
    last = steps["finished"]
    assert steps[moment].code == -signal.SIGKILL
    assert len(steps[moment].finished) < 3
    assert last.code == 0
    assert steps[moment].finished.items() <= last.finished.items()
    for name in ("folds.csv", "leaderboard.csv"):
        columns = ["row", "fold"] if name == "folds.csv" else ["name", "rmse", "rmse_capped"]
        tables = [pd.read_csv(run / name)[columns] for run in (folder, reference)]
        pd.testing.assert_frame_equal(*tables, check_exact=True)
    for path in sorted(reference.glob("tiny/seed0/*/predictions.npz")):
        with np.load(path) as one, np.load(folder / path.relative_to(reference)) as other:
            for name in one:
                np.testing.assert_array_equal(one[name], other[name])


def test_ctrl_c_keeps_what_is_finished(disturbed):
    _, steps = disturbed
    step = steps["interrupted"]
    assert step.code == 130
    assert "interrupted: what is finished is kept" in step.err
    assert step.finished
    assert step.finished.items() <= steps["finished"].finished.items()
    assert "leaderboard.csv" not in step.files


def test_a_write_to_a_full_disk_is_reported_and_leaves_nothing(disturbed):
    _, steps = disturbed
    step = steps["disk full"]
    assert step.code == 1
    assert "error: " in step.err
    assert "largest size" in step.err or "File too large" in step.err
    assert not step.finished
    assert not [path for path in step.files if Path(path).name.startswith(".")]
