"""A user's file is run, and its faults are said with its name and the line."""

import functools
import re
from pathlib import Path

import numpy as np
import pytest

from data.system.errors import UserError
from kfold.config.recipe import MODELS, Recipe
from kfold.custom import network
from kfold.custom.declared import Declared, declaring
from kfold.custom.load import describe, filename, load
from tests.kfold.custom.idea import IDEA, changed, code_file

TWO_NETWORKS = IDEA.replace("def straight", "def dots")


def line_of(text, part):
    return text[: text.index(part)].count("\n") + 1


def test_a_file_declares_functions_and_models():
    declared = load(code_file())
    names = {part: list(functions) for part, functions in declared.functions.items()}
    assert names == {
        "network": ["dots", "straight"],
        "loss": ["absolute"],
        "policy": ["gentle"],
        "optimizer": ["momentum"],
    }
    mine = declared.models["mine"]
    assert (mine.network, mine.epochs, mine.options) == ("dots", 2, {"width": 6, "beta": 0.8})
    assert mine.batch_size == MODELS["heatmap"].batch_size
    assert (mine.low_res_share, mine.architecture) == (0.0, MODELS["heatmap"].architecture)


def test_a_file_is_run_once():
    text = "import itertools\nfrom kfold.custom import model\nmodel('a', epochs=2)\n"
    assert load(code_file(text)) is load(code_file(text, name="renamed.py"))
    assert load(code_file(text)).models["a"] == Recipe(**{**vars(MODELS["heatmap"]), "epochs": 2})


def test_dataclasses_and_their_sources_work_in_a_file():
    text = (
        "from __future__ import annotations\nimport inspect\nfrom dataclasses import dataclass\n"
        "@dataclass\nclass Size:\n    width: int = 3\n"
        "assert 'width: int = 3' in inspect.getsource(Size)\n"
    )
    assert not load(code_file(text)).models


def test_a_file_draws_the_same_in_every_process_and_leaves_the_working_directory():
    text = (
        "import os, random\nimport keras, numpy\nfrom kfold.custom import model\nos.chdir('/')\n"
        "drawn = [random.random(), numpy.random.rand(), float(keras.random.uniform(()))]\n"
        "model('a', learning_rate=sum(drawn) + 0.1, epochs={})\n"
    )
    here, found = Path.cwd(), []
    for epochs in (1, 2):
        np.random.seed(epochs)
        found.append(load(code_file(text.format(epochs))).models["a"].learning_rate)
    assert found[0] == found[1]
    assert Path.cwd() == here


def test_a_model_like_another_takes_no_options_of_functions_that_it_does_not_name():
    more = (
        "model('plain', like='mine', optimizer='adam')\n"
        "model('wide', like='mine', options={'width': 16})\n"
    )
    models = load(code_file(IDEA + more)).models
    assert models["plain"].options == {"width": 6}
    assert models["wide"].options == {"width": 16}


def test_the_line_of_a_decorated_function_is_its_own():
    def decorated(function):
        return functools.wraps(function)(lambda *given, **options: function(*given, **options))

    def mine(inputs, *, width: int = 3):
        return inputs

    token = declaring.set(declared := Declared())
    network(decorated(mine))
    declaring.reset(token)
    function = declared.functions["network"]["mine"]
    assert function.line == mine.__code__.co_firstlineno
    assert function.names == ("width",)


def test_decorators_leave_a_file_alone_that_is_imported_elsewhere():
    def mine(inputs):
        return inputs

    assert network(mine) is mine


MODEL = 'model(\n    "mine"'
FAULTS = {
    "syntax": ("def straight(inputs):", "def straight(inputs:", r"'\(' was never closed"),
    "import": ("import keras\n", "import keraz\n", r"ModuleNotFoundError: .*'keraz'.*Install it"),
    "name taken by the house": ("def gentle(", "def standard(", r"policy 'standard': expected an"),
    "loss taken": ("def absolute(", "def huber(", r"loss 'huber': expected another name, as"),
    "model taken": ('"mine"', '"heatmap"', r"model 'heatmap': expected another name, as there is"),
    "reserved": ('"mine"', '"stack"', r"model 'stack': 'stack' is reserved; choose another name"),
    "unknown network": ('network="dots"', 'network="dot"', r"network: expected .*'straight', fou"),
    "unknown option": ('"width": 6', '"widht": 6', r"no option 'widht'; expected some of width, "),
    "option out of range": ('"width": 6', '"width": 99', r"width: expected less than or equal"),
    "option of another type": ('"width": 6', '"width": "6"', r"width: expected a valid integer"),
    "shared option": (
        "beta: float = 0.9",
        "width: int = 9, beta: float = 0.9",
        r"options: expected 'width' to be .* found it in network 'dots' and optimizer 'momentum'",
    ),
    "unknown field": ("epochs=2", "epoch=2", r"model 'mine': epoch: there is no such field"),
    "wrong field": ("epochs=2", "epochs=0", r"mine.: epochs: expected greater than or equal to 1"),
    "unknown like": ("epochs=2", "like='hetmap'", r"unknown model 'hetmap': expected one of base"),
    "an architecture": (
        "epochs=2",
        "architecture={'stem_width': 8}",
        r"architecture: expected none, as 'dots' has a fixed one",
    ),
    "no annotation": ("turn: Annotated[float, Ge(0), Le(30)] = 5.0", "turn=5", r"option 'turn'"),
    "arguments": ("def absolute(target, ", "def absolute(", r"arguments \(target, prediction\)"),
    "any options": ("*, beta: float = 0.9", "**options", r"found \(recipe, steps, \*\*options\)"),
    "a default out of range": ("] = 5.0", "] = 50.0", r"turn: expected less than .* found 50\.0"),
    "a default of another type": ("] = 5.0", "] = b'5'", r"turn: expected a valid number, found"),
    "an annotation of Keras": (
        "beta: float = 0.9",
        "beta: keras.Layer | None = None",
        r"optimizer 'momentum': expected annotations that values of JSON fit, found .*\.Layer'>\.$",
    ),
    "a mutable default": ("beta: float = 0.9", "beta: list = []", r"the option 'beta', found \[\]"),
    "a function for its name": (
        'network="dots"',
        "network=dots",
        r"such as the name of a function",
    ),
    "a class": (MODEL, "@loss\nclass Far:\n    pass\n" + MODEL, r"@loss: expected a function"),
    "an exception": (MODEL, "{}['a']\n" + MODEL, r"KeyError: 'a'"),
    "an exit": (MODEL, "raise SystemExit(3)\n" + MODEL, r"SystemExit: 3"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_said_with_its_line(fault):
    old, new, message = FAULTS[fault]
    code = changed(old, new)
    with pytest.raises(UserError, match=message) as error:
        load(code)
    line = int(re.match(r"idea\.py, line (\d+): ", str(error.value))[1])
    near = line_of(IDEA, old)
    calls = line_of(code.text, "model(\n")
    assert near - 12 <= line <= near + 1 or line == calls  # a call of several lines is at its first


def test_the_line_is_said_that_made_the_part_of_a_graph_that_failed():
    message = (
        "Graph execution error:\n\nDetected at node l/Assert defined at (most recent call last):\n"
        '  File "/keras/trainer.py", line 62, in train_step\n\n'
        f'  File "{filename(code_file())}", line 4, in l\n\n'
        "assertion failed: [3]\n\t [[{{node l/Assert}}]] [Op:__inference_step_7]"
    )
    described = describe(RuntimeError(message), code_file())
    assert described == "idea.py, line 4: RuntimeError: assertion failed: [3]"


def test_a_name_declared_twice_is_refused():
    with pytest.raises(UserError, match=r"line 20: network 'dots': expected another name"):
        load(code_file(TWO_NETWORKS))
