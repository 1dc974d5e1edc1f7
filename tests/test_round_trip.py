"""`make download && make cv && make submit` with rendered faces and the stand-in for Kaggle."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from data.demo import SOLUTION_FILE, Demo, write_demo
from data.standings import STANDINGS_FILE
from kfold.ledger import read_ledger
from tests.kaggle_server import SECRET, SIGNATURE, KaggleServer

MAKEFILE = Path(__file__).parents[1] / "Makefile"
CV = ("cv", "RUN=trip", "MODELS=mask", "FOLDS=2", "EPOCHS=1")
SUBMIT = ("submit", "RUN=trip", "NAME=stack")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """An empty folder with the hidden demo beside it, and a home with a token in it."""
    folder = tmp_path_factory.mktemp("trip")
    write_demo(Demo(folder / "hidden", train=40, test=12))
    for name in ("place", "home/.kaggle"):
        (folder / name).mkdir(parents=True)
    (folder / "home/.kaggle/access_token").write_text(SECRET + "\n")
    return folder / "place"


@pytest.fixture(scope="module")
def kaggle(place):
    hidden = place.with_name("hidden")
    with KaggleServer(hidden, hidden / SOLUTION_FILE) as server:
        server.teams = [(0.01, 0.02), (90.0, 91.0)]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def make(place, kaggle):
    """Runs a target of the Makefile; returns its exit code and all that it printed."""
    foreign = re.compile(r"KAGGLE.*|MAKE.*|MFLAGS|.*_proxy|RUN|DATA|NAME|FROM|DRY|FORCE|.*_PROXY")
    kept = {name: value for name, value in os.environ.items() if not foreign.fullmatch(name)}
    environment = kept | {
        "PYTHONPATH": str(MAKEFILE.parent),
        "HOME": str(place.with_name("home")),
        "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
        "http_proxy": kaggle.address,
        "https_proxy": kaggle.address,
    }
    command = ["make", "-f", str(MAKEFILE), "-o", ".venv/ready", f"RUN_PYTHON={sys.executable}"]

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


def rmse(place, half):
    """What the file in the run's folder scores on the hidden labels, computed another way."""
    with (place / "runs/trip/submission.csv").open() as file:
        told = {row["RowId"]: float(row["Location"]) for row in csv.DictReader(file)}
    with (place.with_name("hidden") / SOLUTION_FILE).open() as file:
        rows = [row for row in csv.DictReader(file) if row["Usage"] == half]
    errors = [told[row["RowId"]] - float(row["Location"]) for row in rows]
    return float(np.sqrt(np.mean(np.square(errors))))


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("cv", "MODEL=mask"), "MODEL= is not for `make cv`, which takes DATA= RUN="),
        (("submit", "RUNS=trip", "DRY=1"), "RUNS= is not for `make submit`"),
        (("demo", "RUN=trip", "SEEDS=2"), "are not for `make demo`, which takes no variables"),
    ],
)
def test_a_variable_that_a_target_does_not_take_is_refused(make, words, complaint):
    code, out = make(*words)
    assert code == 2
    assert complaint in out


def test_a_search_refuses_a_preset_of_the_environment_too(make):
    code, out = make("tune", PRESET="best")
    assert code == 2
    assert "tune starts from the quick preset" in out


def test_without_a_token_the_first_command_says_how_to_get_one(make, place):
    code, out = make("download", HOME=str(place))
    assert code == 2
    assert "no Kaggle credentials found" in out
    assert "Generate New Token" in out


def test_folders_may_have_spaces(make, place):
    shutil.copytree(place.with_name("hidden"), place / "my copy")
    code, out = make("download", "FROM=my copy", "DATA=from copy", HOME=str(place))
    assert code == 0
    assert "from copy: 40 training and 12 test faces" in out


def test_from_a_new_account_to_a_score(make, place, kaggle: KaggleServer):
    """Every step meets a fault that passes."""
    kaggle.fail("DownloadDataFiles", status=403)
    code, out = make("download")
    assert code == 2
    assert "accept the rules on https://www.kaggle.com/competitions/" in out

    kaggle.fail("GET", cut=50_000)
    code, out = make("download")
    assert code == 0
    assert "40 training and 12 test faces" in out
    assert (place / "data/raw" / STANDINGS_FILE).exists()

    code, out = make(*CV)
    assert code == 0
    assert "held-out RMSE" in out

    code, out = make(*SUBMIT, "DRY=1")
    assert code == 0
    assert "Message: trip: stack of mask; out-of-fold" in out
    assert "Submissions left today: 5" in out
    assert not kaggle.submissions

    kaggle.fail("PUT", status=503)
    kaggle.fail("CreateSubmission", cut=0)
    kaggle.fail("GetSubmission", body=b'{"status": "PENDING"}')
    code, out = make(*SUBMIT)
    (sent,) = read_ledger(place / "runs/submissions.csv")
    assert code == 0
    assert sent.public == pytest.approx(rmse(place, "Public"), abs=1e-4)
    assert sent.private == pytest.approx(rmse(place, "Private"), abs=1e-4)
    ranks = f"Public RMSE {sent.public} (rank 2), private RMSE {sent.private} (rank 2)"
    assert f"{ranks}, among 2 teams" in out
    assert sent.rank == 2
    assert len(kaggle.submissions) == 1


def test_the_same_file_is_not_sent_again(make, kaggle: KaggleServer):
    code, out = make(*SUBMIT)
    assert code == 2
    assert "this very file was submitted" in out
    assert len(kaggle.submissions) == 1


def test_the_ledger_is_printed_with_what_it_says_of_the_folds(make):
    code, out = make("submissions")
    assert code == 0
    assert "trip" in out
    assert "private against out-of-fold RMSE: correlation unknown, mean gap" in out


def test_no_secret_is_in_any_file(place):
    """The last test of this chain: everything that it left."""
    files = [path for path in place.rglob("*") if path.is_file()]
    assert len(files) > 20
    for secret in (SECRET, SIGNATURE):
        assert not [path for path in files if secret.encode() in path.read_bytes()]
