"""The real commands, one after the other, on a few rendered faces: four files in, a score out."""

import csv
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from data.demo import Demo, write_demo
from kfold.leaderboard import best_trained, make_leaderboard
from kfold.run import open_finished

ROOT = Path(__file__).parents[1]
CV = ("kfold.cv", "--data", "demo", "--models", "mask", "--folds", "3", "--epochs", "2")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with demo data, from which the commands are run."""
    folder = tmp_path_factory.mktemp("chain")
    write_demo(Demo(folder / "demo", train=60, test=12))
    return folder


def command(place, *words, prepare=None):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("KAGGLE")}
    return subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=place,
        env=environment | {"PYTHONPATH": str(ROOT), "HOME": str(place), "COLUMNS": "160"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=prepare,
    )


def run(place, *words, prepare=None):
    process = command(place, *words, prepare=prepare)
    out, err = process.communicate(timeout=300)
    assert "Traceback" not in err
    return process.returncode, out, err


@pytest.fixture(scope="module")
def first(place):
    """The run `first`, finished without a disturbance, and what it printed."""
    code, out, err = run(place, *CV, "--run", "first")
    assert (code, err) == (0, "")
    return place / "runs" / "first", out


def test_cv_leaves_everything_a_run_is(first):
    folder, out = first
    assert "60 training faces" in out
    assert "held-out RMSE" in out
    for fold in range(3):
        files = {path.name for path in (folder / f"mask/seed0/fold{fold}").iterdir()}
        assert files == {"model.weights.h5", "history.json", "predictions.npz", "done.json"}
    names = {path.name for path in folder.iterdir() if path.is_file()}
    assert names == {
        "config.json",
        "folds.csv",
        "leaderboard.csv",
        "leaderboard.md",
        "leaderboard.html",
        "suspects.csv",
        "suspects.csv.sha256",
    }
    with (folder / "leaderboard.csv").open() as file:
        lines = {row["name"] for row in csv.DictReader(file)}
    assert lines == {"constant", "mask", "stack", "refined"}
    assert "data:image/jpeg;base64," in (folder / "leaderboard.html").read_text()


def test_cv_again_trains_nothing(place, first):
    folder, _ = first
    made = {p: p.stat().st_mtime_ns for p in folder.glob("mask/**/*") if p.is_file()}
    code, out, _ = run(place, *CV, "--run", "first")
    assert code == 0
    assert out.count("finished before, skipped") == 3
    assert {p: p.stat().st_mtime_ns for p in folder.glob("mask/**/*") if p.is_file()} == made


def test_report_is_written_again_without_tensorflow(place, first):
    folder, _ = first
    before = (folder / "leaderboard.csv").read_text()
    (folder / "leaderboard.csv").unlink()
    program = (
        "import sys; from kfold.report.__main__ import main, Options; main(Options(('first',)));"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", program], cwd=place, env=environment, check=True)
    assert (folder / "leaderboard.csv").read_text() == before


def test_submit_writes_what_the_best_trained_line_predicts(place, first, monkeypatch):
    folder, _ = first
    code, out, _ = run(place, "submit.submit", "--run", "first")
    assert code == 0
    assert "demo holds rendered faces, which Kaggle cannot score: not uploaded." in out
    monkeypatch.chdir(place)
    finished, data, folds = open_finished("first")
    best = best_trained(make_leaderboard(finished, data, folds)).entry
    with (folder / "submission.csv").open() as file:
        submitted = list(csv.DictReader(file))
    with (place / "demo/SampleSubmission.csv").open() as file:
        assert [r["RowId"] for r in submitted] == [r["RowId"] for r in csv.DictReader(file)]
    assert f"{best.kind} {best.name!r}" in out
    values = best.test.reshape(12, 30)[data.lookup.rows, data.lookup.coordinates]
    np.testing.assert_allclose([float(r["Location"]) for r in submitted], values, atol=1e-3)


def test_corrections_are_for_training_but_not_for_the_score(place, first):
    """In the shape of a report's suspects, which so few rendered faces need not have."""
    header = (first[0] / "suspects.csv").read_text().splitlines()[0]
    with (place / "found.csv").open("w") as file:
        found = csv.DictWriter(file, header.split(","))
        found.writeheader()
        found.writerow({"row": 0, "keypoint": "nose_tip", "action": "set", "x": 1, "y": 1})
        found.writerow({"row": 1, "action": "drop"})
    options = ("--corrections", "found.csv", "--run", "corrected")
    code, out, err = run(place, *CV, "--models", "base", "--epochs", "1", *options)
    assert (code, err) == (0, "")
    assert "found.csv: 2 corrections" in " ".join(out.split())
    config = json.loads((place / "runs" / "corrected" / "config.json").read_text())["config"]
    assert len(config["corrections"]) == 64
    with (place / "runs" / "corrected" / "leaderboard.csv").open() as file:
        scores = {row["name"]: row["rmse"] for row in csv.DictReader(file)}
    with (first[0] / "leaderboard.csv").open() as file:
        assert {row["name"]: row["rmse"] for row in csv.DictReader(file)}["constant"] == scores[
            "constant"
        ]
    code, out, err = run(place, *CV, "--models", "base", "--epochs", "1", *options[2:])
    assert code == 1
    assert "corrections was" in err


def test_another_configuration_under_the_same_name_is_refused(place, first):
    code, _, err = run(place, *CV[:-1], "3", "--run", "first")
    assert code == 1
    assert "mask.epochs was 2, now 3" in err


def test_a_run_killed_anywhere_and_started_again_is_the_same_run(place, first):
    """The moment of the kill is random and printed, so that a failure can be repeated.

    Only the command is killed: its workers must end by themselves before the next one starts.
    """
    reference, _ = first
    process = command(place, *CV, "--run", "killed")
    killed = place / "runs" / "killed"
    wanted = random.randint(0, 2)
    while len(list(killed.glob("mask/seed0/*/done.json"))) < wanted:
        time.sleep(0.05)
        assert process.poll() is None
    # Starting takes longer than the last fold and the report, before whose end it must be.
    delay = random.uniform(0, 2 if wanted else 8)
    print(f"killed {delay:.2f} s after {wanted} folds")
    time.sleep(delay)
    process.kill()
    process.communicate(timeout=60)  # the workers hold its output: the end of that is theirs
    assert process.returncode == -signal.SIGKILL
    finished = {p: p.stat().st_mtime_ns for p in killed.glob("mask/seed0/*/done.json")}
    code, _, _ = run(place, *CV, "--run", "killed")
    assert code == 0
    assert {p: p.stat().st_mtime_ns for p in finished} == finished
    assert (killed / "folds.csv").read_text() == (reference / "folds.csv").read_text()
    for path in sorted(reference.glob("mask/seed0/*/predictions.npz")):
        with np.load(path) as one, np.load(killed / path.relative_to(reference)) as other:
            for name in one:
                np.testing.assert_array_equal(one[name], other[name])
    assert scores(killed) == scores(reference)


def scores(folder):
    with (folder / "leaderboard.csv").open() as file:
        return [(row["name"], row["rmse"]) for row in csv.DictReader(file)]


def test_ctrl_c_keeps_what_is_finished(place, first):
    folder = place / "runs" / "interrupted"
    process = command(place, *CV, "--run", "interrupted", "--jobs", "2")
    while not list(folder.glob("mask/seed0/*/done.json")):
        time.sleep(0.05)
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)  # returns once the workers are gone too
    assert process.returncode == 130
    assert "interrupted: what is finished is kept" in err
    assert "Traceback" not in err
    assert list(folder.glob("mask/seed0/*/done.json"))
    assert not (folder / "leaderboard.csv").exists()


def limit_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, 2 << 20))


def test_a_write_that_fails_is_told_and_the_next_run_continues(place, first):
    """Files of two megabytes at most: the weights do not fit, as on a full disk."""
    reference, _ = first
    code, _, err = run(place, *CV, "--run", "full", prepare=limit_files)
    folder = place / "runs" / "full"
    assert code == 1
    assert "error: " in err
    assert "largest size" in err or "File too large" in err
    assert not list(folder.glob("mask/seed0/*/done.json"))
    assert not list(folder.glob("mask/seed0/*/.*"))
    code, _, _ = run(place, *CV, "--run", "full")
    assert code == 0
    assert scores(folder) == scores(reference)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("kfold.cv", "--data", "nowhere"), 1, "nowhere: no such folder"),
        ((*CV, "--models", "resnet"), 1, "unknown model 'resnet': expected one of base"),
        ((*CV, "--preset", "ablation", "--models", "no_norm"), 1, "heatmap, full, one_head, no"),
        ((*CV, "--preset", "fast"), 1, "unknown preset 'fast': expected one of"),
        ((*CV, "--policy", "wild"), 1, "expected one of none, flip, light, standard, strong"),
        ((*CV, "--folds", "99999", "--run", "many"), 1, "99999"),
        ((*CV, "--folds", "1", "--run", "one"), 1, "folds: expected"),
        ((*CV, "--run", "idle", "--jobs", "0"), 1, "jobs: expected at least 1"),
        ((*CV, "--epochs", "0"), 1, "epochs: expected at least 1"),
        ((*CV, "--epochs", "two"), 2, "two"),
        ((*CV, "--run", "../away"), 1, "expected a plain name"),
        (("kfold.report", "--runs", "none"), 1, "expected a run, found none"),
        (("submit.submit", "--run", "none"), 1, "expected a run, found none"),
        (("submit.submit", "--run", "first", "--name", "best"), 1, "expected one of"),
    ],
)
def test_a_wrong_option_ends_with_a_message(place, first, words, code, message):
    found, _, err = run(place, *words)
    assert found == code
    assert message in err


def test_a_folder_that_cannot_be_made_is_told(place, tmp_path):
    """A file in its place stops everyone, root too, as a missing permission stops others."""
    shutil.copytree(place / "demo", tmp_path / "demo")
    (tmp_path / "runs").write_text("in the way")
    code, _, err = run(tmp_path, *CV, "--run", "first")
    assert code == 1
    assert "error: runs" in err


def test_config_repeats_the_run(first):
    folder, _ = first
    stored = json.loads((folder / "config.json").read_text())
    assert stored["config"]["models"]["mask"]["epochs"] == 2
    assert stored["made_with"][-1]["keras"]
