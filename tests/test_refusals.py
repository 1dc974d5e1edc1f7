"""Wrong options of the commands: one message, and the exit code of its kind."""

import shutil
from pathlib import Path

import pytest

from data.demo import Demo, write_demo
from data.system.command import run_command
from kfold import cv
from kfold.report import __main__ as report
from submit import submit

COMMANDS = {
    "cv": (cv.main, cv.CVOptions),
    "report": (report.main, report.ReportOptions),
    "submit": (submit.main, submit.SubmitOptions),
}
CV = ("cv", "DATA=demo", "MODELS=mask", "FOLDS=3", "EPOCHS=2")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The working directory, with demo data."""
    folder = tmp_path_factory.mktemp("refusals")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_demo(Demo(Path("demo"), train=24, test=12))
        yield folder


def refuse(words, capsys):
    """Run a command that fails; return its exit code and what it printed."""
    command, *words = words
    with pytest.raises(SystemExit) as stop:
        run_command(*COMMANDS[command], words)
    return stop.value.code, "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("cv", "DATA=nowhere"), 1, "nowhere: no such folder"),
        ((*CV, "MODELS=resnet"), 1, "unknown model 'resnet': expected one of base"),
        ((*CV, "PRESET=ablation", "MODELS=no_norm"), 1, "heatmap, unet, full, one_head, no"),
        ((*CV, "PRESET=fast"), 1, "unknown preset 'fast': expected one of"),
        (
            (*CV, "POLICY=wild"),
            1,
            "policy: expected 'none', 'flip', 'light', 'standard' or 'strong', found 'wild'",
        ),
        ((*CV, "FOLDS=99999", "RUN=many"), 1, "99999"),
        ((*CV, "FOLDS=1", "RUN=one"), 1, "folds: expected"),
        ((*CV, "RUN=idle", "JOBS=0"), 1, "jobs: expected at least 1"),
        ((*CV, "EPOCHS=0"), 1, "epochs: expected at least 1"),
        ((*CV, "EPOCHS=two"), 2, "two"),
        ((*CV, "RUN=../away"), 1, "expected a plain name"),
        (("report", "RUN=none"), 1, "expected a run, found none"),
        (("submit", "RUN=none"), 1, "expected a run, found none"),
    ],
)
def test_a_wrong_option_ends_with_a_message(place, capsys, words, code, message):
    ended, printed = refuse(words, capsys)
    assert ended == code
    assert message in printed


def test_a_folder_that_cannot_be_made_is_named(place, tmp_path, monkeypatch, capsys):
    """A file in its place stops everyone, root too, as a missing permission stops others."""
    shutil.copytree(place / "demo", tmp_path / "demo")
    (tmp_path / "runs").write_text("in the way")
    monkeypatch.chdir(tmp_path)
    code, printed = refuse((*CV, "RUN=first"), capsys)
    assert code == 1
    assert "error: runs" in printed
