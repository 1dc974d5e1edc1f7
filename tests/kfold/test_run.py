import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from data.errors import UserError
from data.files import UNPACKED
from kfold.recipe import Recipe
from kfold.run import latest_run, made_with, open_run, read_folds, read_run, run_folder, write_folds
from kfold.run_config import JOURNAL, RunConfig
from tests.kfold.finished_run import finished_run, random_competition

CONFIG = RunConfig("somewhere", "ab" * 32, 5, 1, {"mask": Recipe("base", 3)})


def test_a_run_is_read_as_it_was_written(tmp_path):
    open_run(tmp_path / "run", CONFIG)
    assert read_run(tmp_path / "run").config == CONFIG


@pytest.fixture
def begun(tmp_path):
    """A run with its folds dealt."""
    run = open_run(tmp_path / "run", CONFIG)
    faces = random_competition().train
    write_folds(run, faces, np.arange(len(faces)), np.arange(len(faces)) % 5)
    return run


def test_before_the_folds_are_dealt_all_may_change(tmp_path):
    open_run(tmp_path / "run", replace(CONFIG, folds=99999))
    assert open_run(tmp_path / "run", CONFIG).config == CONFIG


def test_the_same_configuration_takes_a_run_up(tmp_path, begun):
    assert open_run(tmp_path / "run", CONFIG).config == CONFIG


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"folds": 3}, "folds was 5, now 3"),
        ({"checksum": "cd" * 32}, "data checksum was abab"),
        ({"models": {"mask": Recipe("base", 4)}}, "mask.epochs was 3, now 4"),
    ],
)
def test_a_changed_configuration_is_refused_by_name(tmp_path, begun, change, message):
    with pytest.raises(UserError, match=message):
        open_run(tmp_path / "run", replace(CONFIG, **change))
    assert read_run(tmp_path / "run").config == CONFIG


def test_a_run_gains_models_and_seeds(tmp_path, begun):
    more = replace(CONFIG, seeds=2, models={"base": Recipe("base", 1)})
    run = open_run(tmp_path / "run", more)
    assert set(run.config.models) == {"mask", "base"}
    assert open_run(tmp_path / "run", CONFIG).config.seeds == 2


def test_what_is_not_finished_is_named(tmp_path):
    data = random_competition(train=12, test=2)
    noise = {"whole": [1.0], "cut": [1.0, 1.0], "wild": [1.0], "later": [1.0]}
    run, _ = finished_run(tmp_path / "run", data, noise)
    (run.fold_folder("cut", 1, 2) / "done.json").unlink()
    shutil.rmtree(run.fold_folder("wild", 0, 1))
    run.leave_out("wild", 0, 1, "its loss became nan", diverged=True)
    shutil.rmtree(run.folder / "later")
    assert run.left_out == [
        "cut seed 1 (2 of 3 folds finished)",
        "wild seed 0 (its loss became nan)",
        "later (not begun)",
    ]
    assert set(run.finished_models) == {"whole", "cut"}
    assert (run.diverged("wild", 0), run.diverged("cut", 1)) == (True, False)
    (run.folder / JOURNAL).touch()
    assert run.left_out == []  # a search cuts short on purpose


def test_force_forgets_the_models_asked_for_and_no_other(tmp_path, begun):
    run = open_run(
        tmp_path / "run", replace(CONFIG, models={**CONFIG.models, "b": Recipe("base", 1)})
    )
    for model in ("mask", "b"):
        run.fold_folder(model, 0, 0).mkdir(parents=True)
    changed = replace(CONFIG, models={"mask": Recipe("base", 4)})
    run = open_run(tmp_path / "run", changed, force=True)
    assert run.config.models["mask"].epochs == 4
    assert not (run.folder / "mask").exists()
    assert (run.folder / "b").exists()


def test_force_forgets_the_seeds_asked_for_and_no_other(tmp_path, begun):
    run = open_run(tmp_path / "run", replace(CONFIG, seeds=2))
    for seed in range(2):
        run.fold_folder("mask", seed, 0).mkdir(parents=True)
    open_run(tmp_path / "run", replace(CONFIG, seeds=1), force=True)
    assert not run.fold_folder("mask", 0, 0).exists()
    assert run.fold_folder("mask", 1, 0).exists()


def test_force_forgets_no_trial_of_a_search(tmp_path, begun):
    begun.fold_folder("mask", 0, 0).mkdir(parents=True)
    (begun.folder / JOURNAL).touch()
    with pytest.raises(UserError, match="`make tune FORCE=1`, or pass another RUN="):
        open_run(tmp_path / "run", CONFIG, force=True)
    assert begun.fold_folder("mask", 0, 0).exists()


@pytest.mark.parametrize(
    ("change", "end"),
    [({"folds": 7}, ""), ({"checksum": "other"}, f"; {UNPACKED}"), ({"corrections": "some"}, "")],
)
def test_force_that_is_refused_forgets_nothing(tmp_path, begun, change, end):
    run = read_run(tmp_path / "run")
    run.fold_folder("mask", 0, 0).mkdir(parents=True)
    with pytest.raises(UserError, match=rf"Pass another RUN=<name>{end}\.$"):
        open_run(tmp_path / "run", replace(CONFIG, **change), force=True)
    assert run.fold_folder("mask", 0, 0).is_dir()


def test_a_run_tells_each_machine_and_version_that_it_was_opened_with(tmp_path, begun, monkeypatch):
    (now,) = made_with(begun.folder)
    open_run(begun.folder, CONFIG)
    assert made_with(begun.folder) == [now]
    monkeypatch.setattr("kfold.run.installed_versions", lambda: {"keras": "0"})
    open_run(begun.folder, CONFIG)
    assert [made["keras"] for made in made_with(begun.folder)] == [now["keras"], "0"]


def test_a_run_that_kept_only_its_last_versions_goes_on(tmp_path, begun):
    config = json.loads((begun.folder / "config.json").read_text())
    old = config["made_with"][0] | {"keras": "0"}
    (begun.folder / "config.json").write_text(json.dumps(config | {"made_with": old}))
    open_run(begun.folder, CONFIG)
    assert [made["keras"] for made in made_with(begun.folder)] == [
        "0",
        config["made_with"][0]["keras"],
    ]


def test_folds_survive_the_round_trip(tmp_path):
    run = open_run(tmp_path / "run", CONFIG)
    assert read_folds(run) is None
    faces = random_competition().train
    folds = np.random.default_rng(0).integers(0, 5, len(faces))
    write_folds(run, faces, np.arange(len(faces)), folds)
    np.testing.assert_array_equal(read_folds(run), folds)


@pytest.mark.parametrize("text", ["{", "[]", '{"config": {}}'])
def test_a_configuration_that_cannot_be_read_is_named(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(UserError, match=r"config.json.*: expected"):
        read_run(tmp_path)


def test_a_setting_of_another_version_is_named(tmp_path, begun):
    path = begun.folder / "config.json"
    path.write_text(path.read_text().replace('"epochs"', '"rounds"'))
    with pytest.raises(UserError, match="rounds"):
        read_run(begun.folder)


def test_a_run_that_is_not_there_is_refused_with_those_that_are(tmp_path):
    open_run(tmp_path / "first", CONFIG)
    with pytest.raises(UserError, match="Runs there: first"):
        read_run(tmp_path / "second")
    with pytest.raises(UserError, match="expected a run, found none"):
        latest_run(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["", "..", "a/b", "/tmp/x"])
def test_a_run_name_cannot_leave_the_folder(name):
    with pytest.raises(UserError, match="plain name"):
        run_folder(name)
