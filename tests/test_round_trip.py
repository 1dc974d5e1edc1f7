"""`make download && make cv && make submit` with rendered faces and the stand-in for Kaggle."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.demo import SOLUTION_FILE, Demo, write_demo
from data.kaggle.leaderboard import LEADERBOARD_FILE
from kfold.submissions.ledger import read_ledger
from tests.kaggle_server import SECRET, SIGNATURE, KaggleServer
from tests.serving import serving
from tests.tiny_run import tiny_preset, write_config

MAKEFILE = Path(__file__).parents[1] / "Makefile"
CV = ("cv", "RUN=trip", "CONFIG=tiny.json", "MODELS=tiny", "FOLDS=2", "EPOCHS=1")
SUBMIT = ("submit", "RUN=trip", "ENTRY=stack")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a configuration, the hidden demo beside it, and a home with a token in it."""
    folder = tmp_path_factory.mktemp("trip")
    write_demo(Demo(folder / "hidden", train=24, test=12))
    for name in ("place", "home/.kaggle"):
        (folder / name).mkdir(parents=True)
    (folder / "home/.kaggle/access_token").write_text(SECRET + "\n")
    write_config(folder / "place/tiny.json", tiny_preset(epochs=9, folds=3, network="regression"))
    return folder / "place"


@pytest.fixture(scope="module")
def kaggle(place):
    hidden = place.with_name("hidden")
    with serving(KaggleServer(hidden, hidden / SOLUTION_FILE)) as server:
        server.teams = [(0.01, 0.02), (90.0, 91.0)]
        yield server


@pytest.fixture(scope="module")
def make(place, kaggle):
    """Runs a target of the Makefile; returns its exit code and all that it printed."""
    foreign = re.compile(r"KAGGLE.*|MAKE.*|MFLAGS|.*_proxy|.*_PROXY")
    kept = {name: value for name, value in os.environ.items() if not foreign.fullmatch(name)}
    environment = kept | {
        "PYTHONPATH": str(MAKEFILE.parent),
        "HOME": str(place.with_name("home")),
        "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
        "http_proxy": kaggle.address,
        "https_proxy": kaggle.address,
    }
    command = ["make", "-f", str(MAKEFILE), f"VENV={sys.prefix}"]
    for name in ("ready", "ready-cluster"):  # installed already
        command += ["-o", f"{sys.prefix}/{name}"]

    def run(*words, **variables):
        ended = subprocess.run(
            [*command, *words],
            cwd=place,
            env=environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        assert not [secret for secret in (SECRET, SIGNATURE, "Traceback") if secret in ended.stdout]
        return ended.returncode, ended.stdout

    return run


@dataclass(frozen=True)
class Step:
    """How a command ended, and how many submissions Kaggle had then."""

    code: int
    out: str
    submissions: int


@pytest.fixture(scope="module")
def trip(make, kaggle: KaggleServer):
    """From a new account to a score; each step meets a fault that passes."""
    steps = {}

    def take(name, *words):
        steps[name] = Step(*make(*words), len(kaggle.submissions))

    kaggle.fail("DownloadDataFiles", status=403)
    take("download before the rules are accepted", "download")
    kaggle.fail("GET", cut=50_000)
    take("download", "download")
    take("cv", *CV)
    take("dry submit", *SUBMIT, "DRY=1")
    kaggle.fail("PUT", status=503)
    kaggle.fail("CreateSubmission", cut=0)
    kaggle.fail("GetSubmission", body=b'{"status": "PENDING"}')
    take("submit", *SUBMIT)
    take("submit again", *SUBMIT)
    take("submissions", "submissions")
    return steps


def rmse(place, half):
    """The score of the run's submission on the hidden labels, computed another way."""
    submitted = pd.read_csv(place / "runs/trip/submission.csv", index_col="RowId")["Location"]
    solution = pd.read_csv(place.with_name("hidden") / SOLUTION_FILE, index_col="RowId")
    expected = solution["Location"][solution["Usage"] == half]
    return float(np.sqrt(((submitted[expected.index] - expected) ** 2).mean()))


@pytest.mark.parametrize(
    ("words", "wrong", "right"),
    [
        (("cv", "MODEL=mask"), "unknown variables MODEL=: ", "MODELS="),
        (("submit", "RUNS=trip", "DRY=1"), "unknown variables RUNS=: ", "RUN=, DATA=, ENTRY="),
        (("tune", "PRESET=best"), "unknown variables PRESET=: ", "TRIALS="),
        (("demo", "RUN=trip", "SEEDS=2"), "`make demo` takes no variables", ""),
    ],
)
def test_a_variable_that_a_target_does_not_take_is_refused(make, words, wrong, right):
    code, out = make(*words)
    assert code == 2
    assert wrong in out
    assert right in out[out.index(wrong) :]


def test_variables_of_the_environment_are_not_read(make):
    code, out = make("config", PRESET="quick")
    assert code == 0
    assert '"heatmap": {' in out


def test_without_a_token_the_first_command_says_how_to_get_one(make, place):
    code, out = make("download", "DATA=nowhere", HOME=str(place))
    assert code == 2
    assert "no Kaggle credentials found" in out
    assert "Generate New Token" in out


def test_folders_may_have_spaces(make, place):
    shutil.copytree(place.with_name("hidden"), place / "my copy")
    code, out = make("download", "FROM=my copy", "DATA=from copy", HOME=str(place))
    assert code == 0
    assert "from copy: 24 training and 12 test faces" in out


def test_the_rules_must_be_accepted_first(trip):
    step = trip["download before the rules are accepted"]
    assert step.code == 2
    assert "accept the rules on https://www.kaggle.com/competitions/" in step.out


def test_a_download_that_broke_off_is_continued(trip, place):
    step = trip["download"]
    assert step.code == 0
    assert "24 training and 12 test faces" in step.out
    assert (place / "data/raw" / LEADERBOARD_FILE).exists()


def test_cv_trains_what_the_variables_say(trip, place):
    step = trip["cv"]
    assert step.code == 0
    assert "held-out RMSE" in step.out
    assert len(list((place / "runs/trip").glob("tiny/seed0/fold*/done.json"))) == 2


def test_a_dry_submit_sends_nothing(trip):
    step = trip["dry submit"]
    assert step.code == 0
    assert "Message: trip: stack of tiny; out-of-fold" in step.out
    assert "Submissions left today: 5" in step.out
    assert step.submissions == 0


def test_submit_reports_the_scores_of_the_file(trip, place):
    step = trip["submit"]
    (sent,) = read_ledger(place / "runs/submissions.csv")
    assert step.code == 0
    assert sent.public == pytest.approx(rmse(place, "Public"), abs=1e-4)
    assert sent.private == pytest.approx(rmse(place, "Private"), abs=1e-4)
    ranks = f"Public RMSE {sent.public} (rank 2), private RMSE {sent.private} (rank 2)"
    assert f"{ranks}, among 2 teams" in step.out
    assert sent.rank == 2
    assert step.submissions == 1


def test_the_same_file_is_not_sent_again(trip):
    step = trip["submit again"]
    assert step.code == 2
    assert "this very file was submitted" in step.out
    assert step.submissions == 1


def test_the_ledger_is_printed_with_the_gap_to_the_folds(trip):
    step = trip["submissions"]
    assert step.code == 0
    assert "trip" in step.out
    assert "private against out-of-fold RMSE: correlation unknown, mean gap" in step.out


def test_no_secret_is_in_any_file(trip, place):
    files = [path for path in place.rglob("*") if path.is_file()]
    assert len(files) > 20
    for secret in (SECRET, SIGNATURE):
        assert not [path for path in files if secret.encode() in path.read_bytes()]
