"""`make review` as a command: what it writes, prints and refuses, and how it ends."""

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from data.demo import Demo, write_demo
from data.reader import read_competition
from kfold.review import __main__ as command
from kfold.review.__main__ import ReviewOptions
from tests.kfold.finished_run import finished_run
from tests.kfold.review.review_page import open_review

ROOT = Path(__file__).parents[3]
HEADER = "row,keypoint,action,x,y,data\n"
SAVED = Path("runs/one/review/corrections.csv")
ADDRESS = r"Open (http://127\.0\.0\.1:([0-9]+)/[\w-]{22}/review/index\.html)"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A working folder with demo data and a finished run of it."""
    folder = tmp_path_factory.mktemp("review")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
            patch.delenv(name, raising=False)
        write_demo(Demo(Path("demo"), train=40, test=10))
        finished_run(Path("runs/one"), read_competition(Path("demo")), {"good": [1.0]})
        yield folder


@pytest.fixture(autouse=True)
def nothing_saved(place):
    SAVED.unlink(missing_ok=True)


@contextmanager
def running(*words):
    """The command in a process; yields it, its address, and its port."""
    command = [sys.executable, "-m", "kfold.review", "RUN=one", "DATA=demo", *words]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:
        try:
            lines = [process.stdout.readline() for _ in range(3)]
            found = re.search(ADDRESS, "".join(lines))
            yield process, found[1], found[2]
        finally:
            process.kill()


def interrupt(process):
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=60)
    return process.returncode, printed


def test_it_is_written_without_being_served(place, capsys):
    command.main(ReviewOptions(run="one", data=Path("demo"), serve=False))
    printed = capsys.readouterr().out
    assert printed.startswith("runs/one/review/index.html: 40 faces, ")
    assert "saves by download" in printed
    assert Path("runs/one/review/faces/0.png").is_file()


def test_corrections_of_other_data_are_refused_by_name(place, refusal):
    SAVED.parent.mkdir(exist_ok=True)
    SAVED.write_text(f"{HEADER}3,,drop,,,fedcba9876543210\n")
    message = refusal(lambda: command.main(ReviewOptions("one", Path("demo"), serve=False)))
    assert f"{SAVED}, line 2, column data: expected corrections of the data at hand" in message
    assert "found those of other data, fedcba9876543210" in message
    assert SAVED.read_text().endswith("fedcba9876543210\n")


def test_a_run_without_a_finished_model_is_refused(place, refusal, tmp_path):
    finished_run(Path("runs/none"), read_competition(Path("demo")), {"good": [1.0]})
    for path in Path("runs/none/good").rglob("done.json"):
        path.unlink()
    message = refusal(lambda: command.main(ReviewOptions("none", Path("demo"), serve=False)))
    assert "expected a run with a model finished on all folds" in message


def test_it_serves_until_ctrl_c_and_goes_on_where_it_was(place, browser):
    context = browser.new_context()
    with running("PORT=0") as (process, address, port), open_review(context, address) as page:
        page.press("f")
        page.until_saved()
        code, printed = interrupt(process)
        assert (code, SAVED.read_text().count(",keep,")) == (0, 1)
        train = f"To train on them: make cv CORRECTIONS={SAVED} RUN=<name>"
        assert printed.strip().splitlines()[-1] == train
        page.press("n", "f")
        page.until(".saved:has-text('not saved: The command has ended.')")
        with running(f"PORT={port}") as (_, again, _):
            page.press("n", "f")  # its address has the secret of the command that ended
            page.until(".saved:has-text('Open the address that `make review` printed')")
            page.complaints.clear()  # the browser names the requests that failed
            assert again != address
            with open_review(context, again) as other:
                assert other.text(".progress output").startswith("3 of ")
                other.until_saved()
                assert SAVED.read_text().count(",keep,") == 3
                other.press("z", "z", "z")
                other.until_saved()
                assert SAVED.read_text() == HEADER
            page.complaints.clear()
    context.close()
