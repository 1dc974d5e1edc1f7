"""What a command asks for: presets, JSON files and a user's file together."""

import json
from dataclasses import asdict, replace

import pytest

from data.system.errors import UserError
from kfold.config.presets import PRESETS, Preset
from kfold.config.recipe import MODELS
from kfold.custom.load import load
from kfold.request import Request, requested_preset
from tests.kfold.custom.idea import IDEA, code_file
from tests.kfold.parallel.trainings import QUIET, recorder


@pytest.fixture
def here(monkeypatch, request):
    """Resolves in this process and tries no model, which the other tests of this file do."""

    def resolved(asked, code, read):
        return read(__import__("kfold.request").request._resolved(asked, code))

    monkeypatch.setattr("kfold.request._in_process", resolved)


@pytest.fixture
def idea(tmp_path):
    path = tmp_path / "idea.py"
    path.write_text(IDEA)
    return path


def config_of(folder, models):
    path = folder / "mine.json"
    path.write_text(json.dumps({"models": models, "folds": 3}))
    return path


MINE = replace(load(code_file()).models["mine"], code=code_file())
ITS_OWN = {"low_res_share": 0.0, "precision": "float32"}
"""Fields that a network of one's own does not take from `heatmap`."""


def test_a_file_alone_trains_its_models(here, idea):
    console = recorder()
    assert requested_preset(Request(code=idea), console) == Preset({"mine": MINE})
    assert "idea.py: trying its models on a few faces" in console.export_text()
    assert Request(code=idea).run_name == "idea"


def test_models_of_a_file_join_those_of_a_preset(here, idea):
    asked = Request(preset="quick", code=idea, models=("mine", "unet"), epochs=7)
    found = requested_preset(asked, QUIET)
    quick = PRESETS["quick"]
    assert found.models == {
        "mine": replace(MINE, epochs=7),
        "unet": replace(quick.models["unet"], epochs=7),
    }
    assert found.folds == quick.folds
    assert asked.run_name == "quick"


def test_a_preset_may_use_the_policy_of_a_file(here, idea):
    found = requested_preset(Request(preset="quick", code=idea, policy="gentle"), QUIET)
    quick = PRESETS["quick"].models["unet"]
    assert found.models == {"unet": replace(quick, policy="gentle", code=code_file())}


def test_a_json_file_may_use_the_functions_and_models_of_a_file(here, idea, tmp_path):
    models = {"other": {"like": "mine", "epochs": 4}, "third": {"network": "straight"}}
    found = requested_preset(Request(config=config_of(tmp_path, models), code=idea), QUIET)
    assert found.models["other"] == replace(MINE, epochs=4)
    third = replace(MODELS["heatmap"], network="straight", **ITS_OWN, code=code_file())
    assert found.models["third"] == third


def test_recipes_of_a_json_file_bring_their_code(here, tmp_path):
    config = config_of(tmp_path, {"mine": asdict(MINE)})
    assert requested_preset(Request(config=config), QUIET).models == {"mine": MINE}


def test_another_policy_leaves_out_the_options_of_the_one_of_the_file(here, idea):
    idea.write_text(IDEA.replace('"beta": 0.8', '"beta": 0.8, "turn": 9.0'))
    found = requested_preset(Request(code=idea, policy="light"), QUIET).models["mine"]
    assert (found.policy, found.options) == ("light", MINE.options)


def test_no_file_is_kept_where_none_is_used(here, idea):
    found = requested_preset(Request(code=idea, models=("heatmap",)), QUIET)
    assert found.models == {"heatmap": MODELS["heatmap"]}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"preset": "quick", "config": "a.json"}, r"PRESET= and CONFIG= both say"),
        ({"preset": "quik"}, r"unknown preset 'quik': expected one of quick"),
        ({"models": ("mine",)}, r"unknown model 'mine': expected one of base"),
        ({"policy": "mild"}, r"models.unet.policy: expected 'none', .*, found 'mild'"),
        ({"code": "nowhere.py"}, r"nowhere.py: expected a Python file for CODE=, found none"),
        ({"code": "idea.py", "policy": "mild"}, r"models.mine.policy: .* 'gentle', found 'mild'"),
        ({"code": "idea.py", "models": ("yours",)}, r"unknown model 'yours'.*mine"),
        (
            {"code": "idea.py", "preset": "quick"},
            r"preset 'quick': expected a model that uses idea",
        ),
        (
            {"code": "adamw.py", "preset": "ablation"},
            r"model 'adamw': .* 'ablation' has a model of",
        ),
        ({"code": "case.py"}, r"case.py: models: 'mine' and 'Mine' are one folder"),
        ({"code": "idea.ipynb"}, r"idea.ipynb: expected a Python file, \*.py, for CODE="),
        ({"code": "empty.py"}, r"empty.py: expected a model, declared by `model\(...\)`, found no"),
        ({"code": "latin.py"}, r"latin.py: expected Python, found a file that is not UTF-8"),
        ({"config": "mine.json", "code": "other.py"}, r"(?s)kept there, found another.*\+# more"),
        ({"config": "lost.json"}, r"models.mine.network: expected .*, found 'dots'"),
    ],
)
def test_a_fault_is_said(asked, message, here, idea, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config_of(tmp_path, {"mine": asdict(MINE)})
    (tmp_path / "lost.json").write_text(json.dumps({"models": {"mine": {"network": "dots"}}}))
    (tmp_path / "adamw.py").write_text(IDEA.replace('"mine"', '"adamw"'))
    (tmp_path / "case.py").write_text(IDEA + "model('Mine', epochs=2)\n")
    (tmp_path / "empty.py").write_text("x = 1\n")
    (tmp_path / "latin.py").write_bytes("é = 1".encode("latin-1"))
    (tmp_path / "other.py").write_text(IDEA + "# more\n")
    paths = {name: tmp_path / at for name, at in asked.items() if name in ("code", "config")}
    with pytest.raises(UserError, match=message):
        requested_preset(Request(**asked | paths), QUIET)


def test_models_are_tried_in_another_process(idea, tmp_path):
    """Its faults arrive; what ends it is said; and this process needs no Keras for it."""
    assert requested_preset(Request(code=idea), QUIET) == Preset({"mine": MINE})
    for text, message in {
        IDEA.replace("Conv2D(19, 1)", "Conv2D(18, 1)"): r"idea.py, line 12: expected logits",
        "import os\nos._exit(3)\n": r"idea.py: the process that tried its models was killed or",
    }.items():
        idea.write_text(text)
        with pytest.raises(UserError, match=message):
            requested_preset(Request(code=idea), QUIET)
