import json
from dataclasses import asdict, replace

import pytest

from data.errors import UserError
from kfold.config_file import Options, main, read_config
from kfold.presets import PRESETS, preset_of
from kfold.recipe import MODELS
from kfold.run import open_run, read_run
from kfold.run_config import RunConfig
from kfold.shape import Shape

HEATMAP = MODELS["heatmap"]


def written(folder, values):
    path = folder / "mine.json"
    path.write_text(values if isinstance(values, str) else json.dumps(values))
    return path


@pytest.mark.parametrize("name", PRESETS)
def test_a_printed_preset_reads_as_itself(name, tmp_path, capsys):
    main(Options(name))
    assert read_config(written(tmp_path, capsys.readouterr().out)) == preset_of(name)


def test_what_is_left_out_is_as_in_heatmap_or_the_model_named(tmp_path):
    models = {
        "mine": {"epochs": 7, "shape": {"widths": [32, 64, 96], "kernel": 5}},
        "other": {"like": "mask", "epochs": 2},
    }
    preset = read_config(written(tmp_path, {"models": models, "folds": 3}))
    shape = Shape(widths=(32, 64, 96), kernel=5)
    assert preset.models["mine"] == replace(HEATMAP, epochs=7, shape=shape)
    assert preset.models["other"] == replace(MODELS["mask"], epochs=2)
    assert (preset.folds, preset.seeds) == (3, 1)


def test_the_configuration_of_a_run_is_one(tmp_path):
    config = RunConfig("somewhere", "ab" * 32, 4, 2, {"mine": HEATMAP})
    open_run(tmp_path / "run", config)
    preset = read_config(tmp_path / "run" / "config.json")
    assert (preset.models, preset.folds, preset.seeds) == ({"mine": HEATMAP}, 4, 2)


def mine(**fields):
    return {"models": {"mine": fields}}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ('{"folds": 5,\n}', r"mine.json, line 2, column 1: expected JSON"),
        ([1], r"expected \{.*models.*found no models. `make config"),
        ({"models": []}, r"found no models"),
        ({"models": {}}, r"models: .* at least 1 item"),
        ({"models": {"mine": 3}}, r"models.mine: expected an object, found 3"),
        ({**mine(), "folds": 1}, r"folds: expected greater than or equal to 2, found 1"),
        ({**mine(), "fold": 5}, r"fold: there is no such field"),
        ({"models": {"../x": {}}}, r"expected plain names, found '../x'"),
        (mine(epoch=3), r"mine.json: models.mine.epoch: there is no such field"),
        (mine(epochs="ten"), r"models.mine.epochs: expected a valid integer, found \"ten\""),
        (mine(epochs=0), r"models.mine.epochs: expected greater than or equal to 1, found 0"),
        (mine(loss="hubber"), r"models.mine.loss: expected 'mse'.*or 'wing', found \"hubber\""),
        (mine(ema=1), r"models.mine.ema: expected less than 1, found 1"),
        (mine(like="mine"), r"unknown model 'mine': expected one of base"),
        (mine(shape={"stm": 3}), r"models.mine.shape.stm: there is no such field"),
        (mine(shape={"stem": 0}), r"models.mine.shape.stem: expected greater than or equal to 1"),
        (mine(shape={"widths": [8, 8]}), r"models.mine.shape.widths.2: expected a value, found no"),
        (mine(shape=[]), r"models.mine.shape: expected an object"),
        (mine(network="regression"), r"models.mine.coarse: expected 0.0, as 'regression'"),
        (
            mine(like="mask", shape={"stem": 8}),
            r"models.mine.shape: expected none, as 'base_extended' has a fixed one",
        ),
    ],
)
def test_what_is_wrong_is_named_with_what_was_expected(values, message, tmp_path):
    with pytest.raises(UserError, match=message):
        read_config(written(tmp_path, values))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UserError, match=r"nowhere.json: expected a JSON file, found none"):
        read_config(tmp_path / "nowhere.json")


def test_runs_from_before_recipes_had_a_shape_still_load(tmp_path):
    config = RunConfig("somewhere", "ab" * 32, 4, 1, {"mine": HEATMAP})
    open_run(tmp_path / "run", config)
    path = tmp_path / "run" / "config.json"
    before = json.loads(path.read_text())
    del before["config"]["models"]["mine"]["shape"]
    path.write_text(json.dumps(before))
    assert read_run(tmp_path / "run").config == config


def test_a_run_with_a_recipe_of_another_kind_is_refused(tmp_path):
    config = asdict(RunConfig("somewhere", "ab" * 32, 4, 1, {"mine": HEATMAP}))
    config["models"]["mine"]["depth"] = 3
    (tmp_path / "config.json").write_text(json.dumps({"config": config}))
    with pytest.raises(UserError, match=r"config.json: models.mine.depth: there is no such field"):
        read_run(tmp_path)
