"""`make tune CODE=`: a search around a model of a user's file, with real trainings."""

from pathlib import Path

import pytest

from data.system.errors import UserError
from kfold.config.code_file import read_code_file
from kfold.config.config_file import read_config
from kfold.request import _resolved
from kfold.runs.locate import read_run
from kfold.tune import TuneOptions, main
from tests.kfold.few_faces import few_faces

FILE = Path("mine.py")
FEW = {"data": Path("demo"), "folds": 2, "epochs": 1, "jobs": 1}
TEXT = """\
from typing import Annotated
from annotated_types import Ge, Le
from kfold.custom import model, network


@network
def straight(inputs, *, width: Annotated[int, Ge(2), Le(64)] = 8, start: float = 48.0):
    from keras import layers

    x = layers.Flatten()(layers.AveragePooling2D(8)(inputs["image"]))
    x = layers.Dense(30)(layers.Dense(width)(layers.Rescaling(1 / 255)(x)))
    return layers.Reshape((15, 2))(layers.Rescaling(1, offset=start)(x))


model("mine", network="straight", policy="flip", optimizer="adam", tta="none")
model("other", like="mine", options={"width": 12})
"""


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    """A folder with few faces and a user's file; a machine with one core."""
    with few_faces(tmp_path_factory.mktemp("own"), train=24):
        FILE.write_text(TEXT)
        yield


def test_a_users_model_is_searched_and_its_winner_needs_no_file(capsys):
    main(TuneOptions(**FEW, code=FILE, model="other", trials=3))
    printed = capsys.readouterr().out
    names = "options.width, loss, policy, batch_size, optimizer, learning_rate, weight_decay\n"
    assert f"mine.py: searches {names}" in printed  # without heatmaps, no weight of theirs
    run = read_run(Path("runs/tune"))
    reference = run.config.models["trial0"]
    assert (reference.epochs, reference.options) == (1, {"width": 12})
    assert list(run.config.models) == ["trial0", "trial1", "trial2"]
    assert {recipe.code for recipe in run.config.models.values()} == {read_code_file(FILE)}
    tuned = read_config(run.folder / "winner.json").models["tuned"]
    (best,) = (name for name, recipe in run.config.models.items() if recipe == tuned)
    assert run.finished_seeds(best) == [0]
    assert f"Winner: trial {best[-1]}," in (run.folder / "search.html").read_text()


def _here(asked, code, read):
    return read(_resolved(asked, code))


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (TEXT, {}, r"mine.py: expected MODEL=<name>, .*, found the models mine, other\."),
        (TEXT, {"model": "yours"}, r"unknown model 'yours': expected .* mine, other\."),
        (TEXT.replace("= 8,", "= 99,"), {"model": "mine"}, r"mine.py, line 15: .* width: .* 99\."),
        (None, {"model": "mine"}, r"MODEL= names a model of a file .* pass CODE=<file> as well"),
    ],
)
def test_a_fault_is_said_before_any_data_is_read(text, options, message, tmp_path, monkeypatch):
    monkeypatch.setattr("kfold.request._in_process", _here)
    code = None
    if text:
        code = tmp_path / "mine.py"
        code.write_text(text)
    with pytest.raises(UserError, match=message):
        main(TuneOptions(**FEW | {"data": Path("nowhere")}, code=code, **options))
