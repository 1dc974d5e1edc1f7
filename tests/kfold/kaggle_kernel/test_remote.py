"""Trainings on the stand-in for Kaggle, which runs the pushed script with all that it starts."""

from __future__ import annotations

import io
import json
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from data.competition import SLUG
from data.demo import SOLUTION_FILE
from data.system.errors import UserError
from kfold.config.cv_config import CVConfig
from kfold.config.presets import Preset
from kfold.cross_validation import run_cv
from kfold.kaggle_kernel.remote import train_on_kaggle
from kfold.parallel.crossval import cross_validate
from kfold.parallel.resources import ComputeOptions
from kfold.runs.locate import made_with
from kfold.runs.open_run import OpenRun
from tests.kaggle_server import SECRET, SIGNATURE, USER, KaggleServer
from tests.kfold.few_faces import few_faces
from tests.kfold.parallel.trainings import OWN, assert_same
from tests.serving import serving

CONFIG = CVConfig(Path("demo"), Preset({"own": OWN}, folds=2), (Path("wrong.csv"),))
"""A user's code, and corrections."""

KERNEL = f"{USER}/facial-keypoints-there"


class Watched(io.StringIO):
    """Output that calls `act` when `text` is first in it."""

    def __init__(self, text: str = "", act: Callable[[], None] | None = None) -> None:
        super().__init__()
        self.text, self.act = text, act

    def write(self, written: str) -> int:
        length = super().write(written)
        if self.act and self.text in self.getvalue():
            act, self.act = self.act, None
            act()
        return length


@dataclass(frozen=True)
class Step:
    """What a command printed, how it ended, and what was there then."""

    printed: str
    error: str
    finished: int
    record: str


def command(watched: Watched | None = None) -> tuple[Step, OpenRun | None]:
    """`make cv ON=kaggle-cpu JOBS=1 RUN=there`, without its report."""
    folder = Path("runs/there")
    watched = watched or Watched()
    console = Console(file=watched, width=200, soft_wrap=True)
    opened, error = None, ""
    try:
        opened = train_on_kaggle(CONFIG, folder, console, "kaggle-cpu", jobs=1)
    except (UserError, KeyboardInterrupt) as stopped:
        error = str(stopped) or type(stopped).__name__
    finished = len(list(folder.glob("*/seed*/fold*/done.json")))
    record = folder / "kernel.json"
    kernel = record.read_text() if record.exists() else ""
    return Step(watched.getvalue(), error, finished, kernel), opened


@pytest.fixture(scope="module")
def kaggle(tmp_path_factory):
    """A stand-in for Kaggle with few faces, which lie in demo/ of the working folder, too."""
    folder = tmp_path_factory.mktemp("remote")
    with (
        few_faces(folder, train=24) as patch,
        serving(KaggleServer(folder / "demo", folder / "demo" / SOLUTION_FILE)) as server,
    ):
        for name in ("http_proxy", "https_proxy"):
            patch.setenv(name, server.address)
        patch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
        patch.setenv("KAGGLE_API_TOKEN", SECRET)
        patch.setattr("kfold.kaggle_kernel.follow.POLL_S", 0.1)
        Path("wrong.csv").write_text("row,keypoint,action,x,y,reason\n0,nose_tip,drop,,,far\n")
        server.variables = {"LOKY_MAX_CPU_COUNT": "1"}
        yield server


@pytest.fixture(scope="module")
def here(kaggle):
    """The same run, trained on this machine."""
    console = Console(file=io.StringIO())
    return cross_validate(CONFIG, Path("runs/here"), console, ComputeOptions(jobs=1))


@pytest.fixture(scope="module")
def steps(kaggle, here):
    """A kernel that is left alone, then cancelled half-way; the next one trains the rest."""
    taken = {}
    stop = Watched("fold 1/2", lambda: signal.raise_signal(signal.SIGINT))
    taken["stopped"], _ = command(stop)
    (session,) = kaggle.sessions.values()
    while not list(session.working.glob("*.zip")):
        assert session.process.poll() is None
        time.sleep(0.02)
    session.cancel()
    taken["attached"], _ = command()
    taken["rest"], opened = command()
    taken["again"], _ = command()
    return taken, opened


def test_a_run_from_kaggle_is_the_run_of_this_machine(steps, here):
    _, there = steps
    assert_same(here.run, "own", there.run, "own")
    assert len(made_with(there.run.folder)) == 1  # the same machine


def test_stopping_the_command_leaves_the_kernel_to_go_on(steps, kaggle):
    step = steps[0]["stopped"]
    assert step.error == "KeyboardInterrupt"
    assert "goes on" in step.printed
    assert step.finished == 0
    record = json.loads(step.record)
    assert record["kernel"]["slug"] == "facial-keypoints-there"
    assert record["kernel"]["version"] == 1
    assert record["checksum"] in kaggle.sessions[KERNEL, 1].pushed.text


def test_the_same_command_attaches_and_keeps_what_a_cancelled_kernel_finished(steps):
    step = steps[0]["attached"]
    assert "was cancelled" in step.error
    assert "Of its 2 trainings, 1 are finished, and in runs/there" in step.error
    assert step.finished == 1
    assert "fold 1/2" in step.printed  # the log


def test_the_next_kernel_trains_only_the_rest(steps, kaggle):
    step = steps[0]["rest"]
    assert not step.error
    assert step.finished == 2
    assert [version for _, version in kaggle.sessions] == [1, 2]
    assert "own, seed 0, fold 1/2: finished before, skipped" in step.printed
    log = (kaggle.sessions[KERNEL, 2].root / "log").read_text()
    assert log.count("images/s") == 1


def test_a_finished_run_asks_nothing_of_kaggle(steps, kaggle):
    step = steps[0]["again"]
    assert not step.error
    assert len(kaggle.sessions) == 2
    assert not step.record


def test_the_report_is_written_here(steps, kaggle):
    run_cv(CONFIG, Path("runs/there"), Console(file=io.StringIO()), on="kaggle-cpu")
    assert Path("runs/there/leaderboard.html").is_file()


def test_kernels_are_private_without_secrets(steps, kaggle):
    for session in kaggle.sessions.values():
        assert session.pushed.is_private
        assert session.pushed.competition_data_sources == [SLUG]
        assert not session.pushed.enable_gpu
        files = [path for path in session.root.rglob("*") if path.is_file()]
        for secret in (SECRET, SIGNATURE, str(Path.home())):
            assert not [path for path in files if secret.encode() in path.read_bytes()]
