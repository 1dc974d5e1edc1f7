import json
from dataclasses import asdict, replace

import pytest

from data.system.errors import UserError
from kfold.config.__main__ import ConfigOptions, main
from kfold.config.architecture import Architecture
from kfold.config.config_file import read_config
from kfold.config.presets import PRESETS, preset_of
from kfold.config.recipe import MODELS
from kfold.runs.locate import read_run
from kfold.runs.run_config import RunConfig
from kfold.runs.start import configure_run

HEATMAP = MODELS["heatmap"]


def written(folder, values):
    path = folder / "mine.json"
    path.write_text(values if isinstance(values, str) else json.dumps(values))
    return path


@pytest.mark.parametrize("name", PRESETS)
def test_a_printed_preset_reads_as_itself(name, tmp_path, capsys):
    main(ConfigOptions(name))
    assert read_config(written(tmp_path, capsys.readouterr().out)) == preset_of(name)


def test_missing_fields_come_from_heatmap_or_from_the_model_named(tmp_path):
    models = {
        "mine": {"epochs": 7, "architecture": {"stage_widths": [32, 64, 96], "block_kernel": 5}},
        "other": {"like": "mask", "epochs": 2},
    }
    preset = read_config(written(tmp_path, {"models": models, "folds": 3}))
    architecture = Architecture(stage_widths=(32, 64, 96), block_kernel=5)
    assert preset.models["mine"] == replace(HEATMAP, epochs=7, architecture=architecture)
    assert preset.models["other"] == replace(MODELS["mask"], epochs=2)
    assert (preset.folds, preset.seeds) == (3, 1)


def test_another_network_takes_no_sizes_from_the_model_it_is_like(tmp_path):
    mine = {"network": "regression"}
    preset = read_config(written(tmp_path, {"models": {"mine": mine}}))
    own = {"low_res_share": 0.0, "precision": "float32"}
    assert preset.models["mine"] == replace(HEATMAP, **mine, **own)


def test_a_network_alone_is_that_of_the_model_called_so(tmp_path):
    models = {"one": {"network": "unet"}, "two": {"like": "unet", "architecture": {"dropout": 0.1}}}
    preset = read_config(written(tmp_path, {"models": models}))
    unet = MODELS["unet"]
    sizes = replace(unet.architecture, dropout=0.1)
    assert preset.models == {"one": unet, "two": replace(unet, architecture=sizes)}


def test_the_configuration_of_a_run_is_accepted(tmp_path):
    config = RunConfig("somewhere", "ab" * 32, 4, 2, {"mine": HEATMAP})
    configure_run(tmp_path / "run", config)
    preset = read_config(tmp_path / "run" / "config.json")
    assert (preset.models, preset.folds, preset.seeds) == ({"mine": HEATMAP}, 4, 2)


def test_the_configuration_of_a_run_must_leave_out_no_field(tmp_path):
    configure_run(tmp_path, RunConfig("somewhere", "ab" * 32, 4, 2, {"mine": HEATMAP}))
    path = tmp_path / "config.json"
    path.write_text(path.read_text().replace('"stem_kernel": 5,', ""))
    with pytest.raises(UserError, match=r"mine.architecture.stem_kernel: expected a value, found"):
        read_config(path)


def test_a_run_with_corrected_labels_needs_corrections(tmp_path):
    config = RunConfig("somewhere", "ab" * 32, 4, 1, {"mine": HEATMAP}, corrections="cd" * 32)
    configure_run(tmp_path / "run", config)
    path = tmp_path / "run" / "config.json"
    with pytest.raises(UserError, match=r"Pass CORRECTIONS=.*run.corrections\.csv as well"):
        read_config(path)
    assert read_config(path, corrections=(tmp_path / "other.csv",)).models == {"mine": HEATMAP}


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
        ({"models": {"../x": {}}}, r"models: expected a plain name .*found '../x'"),
        (mine(epoch=3), r"mine.json: models.mine.epoch: there is no such field"),
        (mine(epochs="ten"), r"models.mine.epochs: expected a valid integer, found \"ten\""),
        (mine(epochs=0), r"models.mine.epochs: expected greater than or equal to 1, found 0"),
        (mine(loss=3), r"models.mine.loss: expected a valid string, found 3"),
        (mine(options={"width": None}), r"models.mine.options.width.*found null"),
        (mine(code={"name": "a.py"}), r"models.mine.code.lines: expected a value, found none"),
        (mine(low_res_share=2), r"models.mine.low_res_share: expected less than or equal to 1"),
        (mine(like="no"), r"mine.json: models.mine.like: unknown model 'no': expected one of base"),
        (mine(architecture={"stm": 3}), r"models.mine.architecture.stm: there is no such field"),
        (
            mine(architecture={"stem_width": 0}),
            r"models.mine.architecture.stem_width: expected greater than or equal to 1",
        ),
        (
            mine(architecture={"stage_widths": [8, 8]}),
            r"models.mine.architecture.stage_widths.2: expected a value, found no",
        ),
        (mine(architecture={"dropout": 1}), r"dropout: expected less than or equal to 0.95, found"),
        (
            mine(architecture={"decoder_width": 10**9}),
            r"decoder_width: expected less than or equal",
        ),
        (mine(architecture={"stage_blocks": [1, 1, 99]}), r"blocks.2: expected less than or equal"),
        (
            mine(learning_rate=1e-45),
            r"learning_rate: expected greater than or equal to 0.000000001",
        ),
        (mine(learning_rate=1e39), r"learning_rate: expected less than or equal to 1000"),
        (mine(weight_decay=1e39), r"weight_decay: expected less than or equal to 1000"),
        (mine(heatmap_weight=1e39), r"heatmap_weight: expected less than or equal to 1000"),
        (mine(batch_size=10**30), r"batch_size: expected .*, found 1000"),
        (mine(architecture=[]), r"models.mine.architecture: expected an object"),
        ({"models": {"mean": {}}}, r"models: 'mean' is reserved; choose another name"),
        ({"models": {"mine": {}, "Mine": {}}}, r"models: 'mine' and 'Mine' are one folder"),
        ({"models": {"config.json": {}}}, r"models: 'config.json' looks like a file"),
    ],
)
def test_an_error_names_the_field_and_what_was_expected(values, message, tmp_path):
    with pytest.raises(UserError, match=message):
        read_config(written(tmp_path, values))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"nowhere.json: expected a JSON file, found none"):
        read_config(tmp_path / "nowhere.json")


def test_a_run_whose_recipe_has_an_unknown_field_is_refused(tmp_path):
    config = asdict(RunConfig("somewhere", "ab" * 32, 4, 1, {"mine": HEATMAP}))
    config["models"]["mine"]["depth"] = 3
    (tmp_path / "config.json").write_text(json.dumps({"config": config}))
    with pytest.raises(UserError, match=r"config.json: models.mine.depth: there is no such field"):
        read_run(tmp_path)
