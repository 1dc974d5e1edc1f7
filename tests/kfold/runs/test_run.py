"""A run's folder: its configuration, its folds, and what is finished."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from data.system.errors import UserError
from kfold.config.recipe import Recipe
from kfold.runs.fold_table import FOLDS, read_folds, write_folds
from kfold.runs.locate import latest_run, made_with, read_run, run_folder
from kfold.runs.open_run import open_run
from kfold.runs.run_config import JOURNAL, RunConfig
from kfold.runs.start import configure_run
from tests.kfold.finished_run import finished_run, random_competition

DATA = random_competition(train=12, test=2)
CONFIG = RunConfig("somewhere", DATA.checksum, 5, 1, {"mask": Recipe("base", 3)})


@pytest.fixture
def run(tmp_path):
    """A run with its folds assigned."""
    run = configure_run(tmp_path / "run", CONFIG)
    write_folds(run.folder, DATA.train, np.arange(12) // 2, np.arange(12) % 5)
    return run


def test_a_run_is_read_as_it_was_written(tmp_path):
    configure_run(tmp_path / "run", CONFIG)
    assert read_run(tmp_path / "run").config == CONFIG


def test_until_the_folds_are_assigned_everything_may_change(tmp_path):
    configure_run(tmp_path / "run", replace(CONFIG, folds=99999))
    assert configure_run(tmp_path / "run", CONFIG).config == CONFIG


def test_the_same_configuration_resumes_a_run(run):
    assert configure_run(run.folder, CONFIG).config == CONFIG


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"folds": 3}, r"folds was 5, now 3\. Pass another RUN=<name>, or FOLDS=5\."),
        ({"checksum": "cd" * 32}, "data checksum was 0000"),
        ({"models": {"mask": Recipe("base", 4)}}, "mask.epochs was 3, now 4"),
    ],
)
def test_a_changed_configuration_is_refused_by_name(run, change, message):
    with pytest.raises(UserError, match=message):
        configure_run(run.folder, replace(CONFIG, **change))
    assert read_run(run.folder).config == CONFIG


def test_a_run_gains_models_and_seeds(run):
    more = replace(CONFIG, seeds=2, models={"base": Recipe("base", 1)})
    assert set(configure_run(run.folder, more).config.models) == {"mask", "base"}
    assert configure_run(run.folder, CONFIG).config.seeds == 2


def test_a_run_without_models_may_still_get_corrections(tmp_path):
    """Folds that `make folds` assigned say nothing of the labels to train on."""
    empty = replace(CONFIG, models={})
    run = configure_run(tmp_path / "run", empty)
    write_folds(run.folder, DATA.train, np.arange(12) // 2, np.arange(12) % 5)
    corrected = replace(CONFIG, corrections="ab" * 32)
    assert configure_run(run.folder, corrected).config == corrected
    with pytest.raises(UserError, match="corrections was abababababab, now none"):
        configure_run(run.folder, CONFIG)


def test_unfinished_models_and_seeds_are_named(tmp_path):
    noise = {"whole": [1.0], "cut": [1.0, 1.0], "wild": [1.0], "later": [1.0]}
    run = finished_run(tmp_path / "run", DATA, noise).run
    (run.fold_folder("cut", 1, 2) / "done.json").unlink()
    shutil.rmtree(run.fold_folder("wild", 0, 1))
    run.record_failure("wild", 0, 1, "the loss became nan", diverged=True)
    shutil.rmtree(run.folder / "later")
    assert run.unfinished == [
        "cut seed 1 (2 of 3 folds finished)",
        "wild seed 0 (the loss became nan)",
        "later (not started)",
    ]
    assert set(run.finished_models) == {"whole", "cut"}
    assert (run.diverged("wild", 0), run.diverged("cut", 1)) == (True, False)
    run.record_failure("cut", 1, 2, "the disk was full")
    assert run.unfinished[0] == "cut seed 1 (the disk was full)"
    assert not run.diverged("cut", 1)
    (run.folder / JOURNAL).touch()
    assert run.unfinished == []  # a search stops trials on purpose


def test_force_forgets_the_models_asked_for_and_no_other(run):
    more = replace(CONFIG, models={**CONFIG.models, "b": Recipe("base", 1)})
    configure_run(run.folder, more)
    for model in ("mask", "b"):
        run.fold_folder(model, 0, 0).mkdir(parents=True)
    changed = replace(CONFIG, models={"mask": Recipe("base", 4)})
    assert configure_run(run.folder, changed, force=True).config.models["mask"].epochs == 4
    assert not (run.folder / "mask").exists()
    assert (run.folder / "b").exists()


def test_force_forgets_the_seeds_asked_for_and_no_other(run):
    configure_run(run.folder, replace(CONFIG, seeds=2))
    for seed in range(2):
        run.fold_folder("mask", seed, 0).mkdir(parents=True)
    configure_run(run.folder, replace(CONFIG, seeds=1), force=True)
    assert not run.fold_folder("mask", 0, 0).exists()
    assert run.fold_folder("mask", 1, 0).exists()


def test_force_forgets_no_trial_of_a_search(run):
    run.fold_folder("mask", 0, 0).mkdir(parents=True)
    (run.folder / JOURNAL).touch()
    with pytest.raises(UserError, match="`make tune FORCE=1`, or pass another RUN="):
        configure_run(run.folder, CONFIG, force=True)
    assert run.fold_folder("mask", 0, 0).exists()


@pytest.mark.parametrize(
    ("change", "end"),
    [({"folds": 7}, ", or FOLDS=5"), ({"checksum": "other"}, ""), ({"corrections": "some"}, "")],
)
def test_a_refused_force_forgets_nothing(run, change, end):
    run.fold_folder("mask", 0, 0).mkdir(parents=True)
    with pytest.raises(UserError, match=rf"Pass another RUN=<name>{end}\.$"):
        configure_run(run.folder, replace(CONFIG, **change), force=True)
    assert run.fold_folder("mask", 0, 0).is_dir()


def test_a_run_lists_the_machines_and_versions_that_made_it(run, monkeypatch):
    (now,) = made_with(run.folder)
    configure_run(run.folder, CONFIG)
    assert made_with(run.folder) == [now]
    monkeypatch.setattr("kfold.runs.versions.installed_versions", lambda: {"keras": "0"})
    configure_run(run.folder, CONFIG)
    assert [made["keras"] for made in made_with(run.folder)] == [now["keras"], "0"]


def test_folds_and_groups_survive_the_round_trip(tmp_path):
    run = configure_run(tmp_path / "run", CONFIG)
    assert read_folds(run.folder) is None
    with pytest.raises(UserError, match=r"expected folds\.csv, found none"):
        open_run(run, DATA)
    rng = np.random.default_rng(0)
    groups, folds = rng.integers(0, 9, 12), rng.integers(0, 5, 12)
    write_folds(run.folder, DATA.train, groups, folds)
    opened = open_run(run, DATA)
    np.testing.assert_array_equal(opened.groups, groups)
    np.testing.assert_array_equal(opened.folds, folds)
    assert opened.folds.dtype == opened.groups.dtype == np.int64
    table = read_folds(run.folder)
    np.testing.assert_array_equal(table["row"], DATA.train.ids)
    np.testing.assert_array_equal(table["annotator"], DATA.train.annotator)


@pytest.mark.parametrize("text", ["{", "[]", '{"config": {}}'])
def test_an_unreadable_configuration_is_named(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(UserError, match=r"config.json.*: expected"):
        read_run(tmp_path)


def test_an_unknown_setting_is_named(run):
    path = run.folder / "config.json"
    path.write_text(path.read_text().replace('"epochs"', '"rounds"'))
    with pytest.raises(UserError, match="rounds"):
        read_run(run.folder)


def test_a_missing_run_is_refused_with_the_names_of_others(tmp_path):
    configure_run(tmp_path / "first", CONFIG)
    with pytest.raises(UserError, match="Runs there: first"):
        read_run(tmp_path / "second")
    with pytest.raises(UserError, match="expected a run, found none"):
        latest_run(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["", "..", "a/b", "/tmp/x"])
def test_a_run_name_cannot_leave_the_folder(name):
    with pytest.raises(UserError, match="plain name"):
        run_folder(name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"folds.csv, line 1: expected the column row, found none"),
        ("row,fold\n0,1\n", r"line 1: expected the column annotator, found none"),
        ("row,annotator,group,fold\n0,1,2,x\n", r"line 2, column fold: .*'x'"),
        ("row,annotator,group,fold\n0,1,0,1\n1,1,zero,0\n", r"line 3, column group: .*'zero'"),
        ("row,annotator,group,fold\n0,1,0,\n", r"line 2, column fold: expected a whole number"),
        ("row,annotator,group,fold\n0,1,0,1,2\n", r"folds.csv: expected CSV, found none"),
        *(
            (f"row,annotator,group,fold\n0,1,{x},1\n", f"line 2, column group: .*'{x[:40]}'")
            for x in ("1_0", "nan", "1e3", "\N{FULLWIDTH DIGIT FOUR}", "9" * 5000)
        ),
        ("row,annotator,group,fold\n0,1,0,1.5\n", r"'1.5'. Restore the file, or delete it"),
    ],
)
def test_a_damaged_fold_table_is_named_with_its_line_and_column(tmp_path, text, message):
    (tmp_path / FOLDS).write_text(text)
    with pytest.raises(UserError, match=message):
        read_folds(tmp_path)


def test_other_data_than_the_runs_are_refused(run):
    message = f"expected the data that .*, checksum {DATA.checksum[:12]}, found other data, 1111"
    with pytest.raises(UserError, match=message):
        open_run(run, replace(DATA, checksum="1" * 64))
