import re
from dataclasses import replace
from pathlib import Path

import pytest

from data.system.errors import UserError
from kfold.config.recipe import Recipe
from kfold.runs.locate import comparison_folder, read_run, run_folder
from kfold.runs.run import Run
from kfold.runs.run_config import RunConfig
from kfold.runs.start import configure_run

CONFIG = RunConfig("somewhere", "0" * 64, 5, 1, {"mask": Recipe("base", 3)})


def runs(*names):
    return [Run(Path("runs", name), CONFIG) for name in names]


def test_a_run_that_differs_by_case_only_is_refused(tmp_path):
    (tmp_path / "first").mkdir()
    assert run_folder("first", tmp_path) == tmp_path / "first"
    assert run_folder("second", tmp_path) == tmp_path / "second"
    assert run_folder("second", tmp_path / "nowhere") == tmp_path / "nowhere" / "second"
    with pytest.raises(UserError, match=r"RUN: 'First' and the 'first' in .*pass RUN=first"):
        run_folder("First", tmp_path)
    (tmp_path / "First").mkdir()  # two runs of before, on a file system where case counts
    assert run_folder("First", tmp_path) == tmp_path / "First"


def test_a_run_whose_name_a_file_has_is_refused(tmp_path):
    (tmp_path / "notes").touch()
    with pytest.raises(UserError, match="notes is a file; choose another name"):
        run_folder("notes", tmp_path)


def test_few_runs_are_compared_in_a_folder_of_their_names():
    assert comparison_folder(runs("first")) == Path("runs/first")
    assert comparison_folder(runs("first", "second")) == Path("runs/first+second")
    assert comparison_folder(runs("x" * 60)) == Path("runs", "x" * 60)


def test_many_runs_are_compared_in_a_short_folder_of_their_own(tmp_path):
    names = ["ü" * 60, *(f"run{i}" for i in range(24))]
    folder = comparison_folder(runs(*names))
    assert re.fullmatch(rf"{names[0]}\+24-others-[0-9a-f]{{8}}", folder.name)
    assert comparison_folder(runs(*names)) == folder
    assert comparison_folder(runs(names[0], *names[:0:-1])) != folder
    (tmp_path / folder.name / "leaderboard.html").parent.mkdir()


def test_a_run_that_leaves_out_a_field_is_refused_by_its_name(tmp_path):
    configure_run(tmp_path, replace(CONFIG, models={"mask": Recipe("base", 3)}))
    path = tmp_path / "config.json"
    before = path.read_text()
    for line, name in {
        '"tta": "none",': r"models.mask.tta",
        '"dropout": 0.1,': r"models.mask.architecture.dropout",
        '"seeds": 1,': "seeds",
    }.items():
        assert line in before
        path.write_text(before.replace(line, ""))
        message = f"config.json: {name}: expected a value, found none. Restore the file, or pass"
        with pytest.raises(UserError, match=message):
            read_run(tmp_path)


@pytest.mark.parametrize("name", ["../x", "exported", "folds.csv"])
def test_a_run_with_a_model_that_is_no_folder_is_refused(tmp_path, name):
    configure_run(tmp_path, CONFIG)
    path = tmp_path / "config.json"
    path.write_text(path.read_text().replace('"mask"', f'"{name}"'))
    with pytest.raises(UserError, match=r"config.json: models: "):
        read_run(tmp_path)


def test_a_run_gains_no_model_that_differs_by_case_only(tmp_path):
    run = configure_run(tmp_path, CONFIG)
    run.record_failure("mask", 0, 0, "")
    (run.fold_folder("mask", 0, 0) / "done.json").touch()
    with pytest.raises(UserError, match="'mask' and 'Mask' are one folder"):
        configure_run(tmp_path, replace(CONFIG, models={"Mask": Recipe("base", 3)}), force=True)
    assert list(read_run(tmp_path).config.models) == ["mask"]
    assert run.fold_folder("mask", 0, 0).is_dir()
