"""A session's own limits, with trainings that are finished already; its script by itself."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from kfold.kaggle_kernel import session
from kfold.kaggle_kernel.outputs import ENDED, archive_name, put_out
from kfold.kaggle_kernel.package import pack
from kfold.kaggle_kernel.plan import PLAN, Plan
from kfold.kaggle_kernel.record import kernel_slug, kernel_title
from kfold.runs.code_version import ROOT
from kfold.runs.task import Task
from tests.kfold.finished_run import finished_run, random_competition

TASKS = [Task("model", 0, fold) for fold in range(3)]
PLAN_OF_ALL = Plan("first", ("model",), 1, None, False)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run with three finished trainings; the working folder is a session's."""
    (tmp_path / "kaggle/working").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "kaggle/working")
    opened = finished_run(tmp_path / "code/runs/first", random_competition(), {"model": [1.0]})
    return opened.run


def test_each_training_is_put_out_once_and_whole(run):
    working = Path.cwd()
    assert put_out(run.folder, working, max_output=10**9)
    names = {archive_name(task) for task in TASKS}
    assert {path.name for path in working.iterdir()} == names
    with zipfile.ZipFile(working / archive_name(TASKS[1])) as archive:
        folder = run.fold_folder(*TASKS[1])
        assert set(archive.namelist()) == {path.name for path in folder.iterdir()}
        for path in folder.iterdir():
            assert archive.read(path.name) == path.read_bytes()
    before = {path: path.stat().st_mtime_ns for path in working.iterdir()}
    assert put_out(run.folder, working, max_output=0)
    assert before == {path: path.stat().st_mtime_ns for path in working.iterdir()}


def test_a_training_without_a_result_says_why_once_no_training_goes_on(run):
    run.record_failure("other", 0, 1, "it failed")
    put_out(run.folder, Path.cwd(), max_output=10**9)
    name = archive_name(Task("other", 0, 1))
    assert not Path(name).exists()
    put_out(run.folder, Path.cwd(), max_output=10**9, ended=True)
    with zipfile.ZipFile(name) as archive:
        assert archive.read("failed.txt") == b"it failed"


@pytest.mark.parametrize(
    ("limit", "put", "message"),
    [
        ("max_output", 1, "Output of more than 0 GB would not be kept"),
        ("max_seconds", 3, "The session's 0 hours are over"),
    ],
)
def test_a_limit_ends_the_trainings_and_keeps_what_is_finished(run, capfd, limit, put, message):
    folder = run.folder.parents[1]
    size = sum(path.stat().st_size for path in run.fold_folder(*TASKS[0]).iterdir())
    plan = replace(PLAN_OF_ALL, **{limit: {"max_output": 1.5 * size, "max_seconds": 0.0}[limit]})
    (folder / PLAN).write_text(plan.to_json())
    for name in ("requirements.txt", "constraints.txt"):
        (folder / name).write_text("")
    for package in ("data", "augment", "kfold"):
        (folder / package).symlink_to(ROOT / package)
    with pytest.raises(SystemExit) as ended:
        session.main(folder)
    assert not ended.value.code  # so that Kaggle keeps what is there
    assert len(list(Path().glob("*.zip"))) == put
    assert json.loads(Path(ENDED).read_text())["code"]
    assert message in capfd.readouterr().err


def test_a_script_needs_no_package_before_it_chooses_them(run, tmp_path):
    """The plan wants a GPU, which this machine lacks."""
    source, checksum = pack(run, replace(PLAN_OF_ALL, gpu=True, elsewhere=tuple(TASKS[:2])))
    assert checksum in source
    assert (source, checksum) == pack(run, replace(PLAN_OF_ALL, gpu=True, elsewhere=(*TASKS[:2],)))
    assert len(source) < 600_000  # of 1,000,000 that Kaggle takes
    (tmp_path / "script.py").write_text(source)
    command = [sys.executable, "-I", "-S", tmp_path / "script.py"]  # without site-packages
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: expected a GPU in this session")
    assert json.loads(Path(ENDED).read_text()) == {"code": 1, "machine": {}}


def test_a_plan_is_read_as_it_was_written(tmp_path):
    plan = replace(PLAN_OF_ALL, jobs=2, elsewhere=tuple(TASKS))
    (tmp_path / PLAN).write_text(plan.to_json())
    assert Plan.read(tmp_path) == plan


@pytest.mark.parametrize("run", ["first", "a.b", "a_b", "Best", "x" * 60, "größe", "顔"])
def test_titles_are_short_and_differ_as_runs_do(run):
    from slugify import slugify

    title = kernel_title(run)
    assert len(title) <= 50
    assert slugify(title) == kernel_slug(title)
    others = [
        other for other in ("first", "a.b", "a_b", "best", "b", "a-b", "x" * 59) if other != run
    ]
    assert title not in map(kernel_title, others)
