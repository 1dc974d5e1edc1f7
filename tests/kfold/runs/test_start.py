"""A run that is continued: by other code, or with a damaged fold table."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from data.competition import KEYPOINTS
from data.system.errors import UserError
from kfold.config.code_file import CodeFile
from kfold.config.cv_config import CVConfig
from kfold.config.presets import Preset
from kfold.config.recipe import MODELS
from kfold.runs.code_version import code_version
from kfold.runs.fold_table import FOLDS, read_folds
from kfold.runs.open_run import open_run
from kfold.runs.run import Run
from kfold.runs.run_config import RunConfig
from kfold.runs.start import start_run
from kfold.training.training_data import training_data
from tests.kfold.finished_run import CODE, finished_run, random_competition

DATA = random_competition(train=12, test=2)


@pytest.fixture
def run(tmp_path):
    return finished_run(tmp_path / "run", DATA, {"model": [1.0]}).run


def continued(run, force=False, models=None, corrections=()):
    """The run, and what is printed when `make cv` continues it."""
    console = Console(file=io.StringIO(), soft_wrap=True)
    preset = Preset(models or run.config.models, run.config.folds)
    config = CVConfig(Path("nowhere"), preset, corrections)
    opened = start_run(config, DATA, run.folder, console, force)
    return opened, console.file.getvalue()


def test_trainings_of_other_code_are_told_and_kept(run):
    opened, printed = continued(run)
    assert printed == (
        f"{run.folder}: trainings of other code are kept: {CODE}. This is {code_version()}; "
        "FORCE=1 trains again what is asked for.\n"
    )
    assert opened.run.code_versions == [CODE]
    assert opened.run.finished_seeds("model") == [0]
    assert training_data(opened).code == code_version()


@pytest.mark.parametrize("version", [CODE, CODE.replace("1a2b3c4", "ffffff-dirty")])
def test_another_commit_of_the_same_sources_is_no_other_code(run, monkeypatch, version):
    monkeypatch.setattr("kfold.runs.start.code_version", lambda: version)
    assert continued(run)[1] == ""


def test_trainings_that_are_forgotten_are_not_told(run):
    assert continued(run, force=True)[1] == ""


def test_corrections_of_two_files_are_kept_as_one(tmp_path):
    run = Run(tmp_path / "run", RunConfig("nowhere", DATA.checksum, 3, 1, {"a": MODELS["base"]}))
    files = tmp_path / "one.csv", tmp_path / "two.csv"
    for row, path in enumerate(files):
        path.write_text(f"row,keypoint,action,x,y\n{row},nose_tip,drop,,\n")
    opened, printed = continued(run, corrections=files)
    assert f"{files[0]}, {files[1]}: 2 corrections, for training only" in printed
    nose = KEYPOINTS.index("nose_tip")
    assert np.isnan(opened.corrected_keypoints()[:2, nose]).all()
    again, _ = continued(run, corrections=(run.folder / "corrections.csv",))
    np.testing.assert_array_equal(again.corrected_keypoints(), opened.corrected_keypoints())
    with pytest.raises(UserError, match=r"corrections was \w+, now \w+.*or its own CORRECTIONS="):
        continued(run, corrections=files[:1])


def test_another_text_of_a_users_file_is_refused_or_trained_anew(run):
    texts = CodeFile("a.py", ("x = 1", "y = 2")), CodeFile("b.py", ("x = 1", "y = 3"))
    old, new = ({"mine": replace(MODELS["base"], code=code)} for code in texts)
    continued(run, models=old)
    renamed = replace(texts[0], name="renamed.py")
    continued(run, models={"mine": replace(MODELS["base"], code=renamed)})
    message = (
        r"configuration: mine\.code, b\.py:\n    @@ -2 \+2 @@\n    -y = 2\n    \+y = 3\n"
        r'Pass another RUN=<name>, or MODELS="mine" FORCE=1'
    )
    with pytest.raises(UserError, match=message):
        continued(run, models=new)
    opened, _ = continued(run, force=True, models=new)
    assert opened.run.config.models["mine"].code == texts[1]
    assert opened.run.finished_seeds("model") == [0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: lines[:9], "expected a line for each of 12 training faces, found 8"),
        (lambda lines: lines + lines[-1:], "12 training faces, found 13"),
        (lambda lines: [lines[0], *lines[:0:-1]], "line 2: expected row 0 in .* found row 11 in"),
        (
            lambda lines: [*lines[:-1], "11,1,0,3"],
            "line 13: .* from 0 to 2, found row 11 in fold 3",
        ),
    ],
)
def test_a_fold_table_of_other_rows_is_refused(run, change, message):
    path = run.folder / FOLDS
    path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")
    with pytest.raises(UserError, match=rf"{FOLDS}.*{message}.*Restore the file, or delete it: "):
        open_run(Run(run.folder, run.config), DATA)


def test_a_deleted_fold_table_is_made_again_and_what_it_fits_is_kept(run):
    before = read_folds(run.folder)
    (run.folder / FOLDS).unlink()
    opened, _ = continued(run)
    same = [
        fold
        for fold in range(3)
        if np.array_equal(
            np.flatnonzero(before["fold"] == fold), np.flatnonzero(opened.folds == fold)
        )
    ]
    kept = [fold for fold in range(3) if opened.run.summary("model", 0, fold)]
    assert kept == same
    assert kept != [0, 1, 2]
    again, _ = continued(run)
    np.testing.assert_array_equal(again.folds, opened.folds)
