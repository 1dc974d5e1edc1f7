"""Faults of a user's functions that show only when they are used."""

import re

import pytest

from data.system.errors import UserError
from kfold.custom.load import load
from kfold.custom.resolve import with_code
from kfold.training.trial_step import try_recipe
from tests.kfold.custom.idea import changed, code_file


def recipe_in(code):
    return with_code(load(code).models["mine"], code, "test")


def test_a_recipe_without_faults_passes():
    try_recipe(recipe_in(code_file()))


NETWORK, LOSS, POLICY, OPTIMIZER = (
    f"@{part}\ndef {name}"
    for part, name in {
        "network": "dots",
        "loss": "absolute",
        "policy": "gentle",
        "optimizer": "momentum",
    }.items()
)
FAULTS = {
    "shape": ("Conv2D(19, 1)", "Conv2D(18, 1)", NETWORK, r"expected logits.*found.*24, 24, 18\)"),
    "no output": ("return layers.Conv2D", "layers.Conv2D", NETWORK, r"expected .*; found None"),
    "an error": ("Pooling2D(4)(x)", "Poolin(4)(x)", "    x = layers.Av", r"AttributeError: .*Pool"),
    "a comparison": (
        "return layers.Conv2D(19, 1)(x)",
        "return x if x > 0 else None",
        "    return x if",
        r"Error: ",
    ),
    "NaN prediction": (
        "return layers.Conv2D(19, 1)(x)",
        "return layers.Rescaling(float('nan'))(layers.Conv2D(19, 1)(x))",
        NETWORK,
        r"network 'dots': expected finite numbers, found nan on images of noise",
    ),
    "NaN loss": (
        "ops.abs(difference) **",
        "(prediction - target) **",
        LOSS,
        r"loss 'absolute': expected finite numbers, found nan where labels are missing.*residuals",
    ),
    "NaN gradient": (
        "ops.abs(difference) ** power",
        "(ops.abs(difference) + ops.sqrt(0 * prediction))",
        LOSS,
        r"finite weights after a step with loss 'absolute', network 'dots', optimizer 'momentum'",
    ),
    "loss of each face": (
        "ops.sum(ops.abs(difference) ** power)",
        "ops.sum(ops.abs(difference), axis=(1, 2))",
        LOSS,
        r"loss 'absolute': expected a scalar.*found the shape \(4,\)",
    ),
    "control flow": (
        "    difference, present",
        "    if ops.max(prediction) > 3:\n        return 0.0\n    difference, present",
        "    if ops.max(pred",
        r"symbolic",
    ),
    "no optimizer": (
        "return keras.optimizers.SGD(recipe.learning_rate, momentum=beta, nesterov=True)",
        "return recipe.learning_rate",
        OPTIMIZER,
        r"expected a Keras optimizer, found 0\.01",
    ),
    "a used optimizer": (
        "return keras.optimizers.SGD(recipe.learning_rate, momentum=beta, nesterov=True)",
        "return kept.setdefault(0, keras.optimizers.SGD(0.01))\n\n\nkept = {}",
        OPTIMIZER,
        r"expected a new optimizer for each training, found one that is in use",
    ),
    "a shared layer": (
        "return layers.Conv2D(19, 1)(x)",
        "return kept.setdefault(0, layers.Conv2D(19, 1))(x)\n\n\nkept = {}",
        NETWORK,
        r"network 'dots': expected new layers each time that it is built, found conv2d.*/kernel",
    ),
    "no loss": (
        "    return ops.sum(ops.abs(difference) ** power)",
        "    ops.sum(ops.abs(difference) ** power)",
        LOSS,
        r"loss 'absolute': expected a scalar.*found None",
    ),
    "policy raises": ("rotate=turn", "rotate=turn / 0", "    return Policy", r"ZeroDivisionError"),
    "policy out of range": ("rotate=turn", "rotate=turn * 99", "    return Policy", r"rotate: exp"),
    "no policy": ("return Policy(flip=0.5, warp=0.8, rotate=turn)", "return turn", POLICY, r"5\.0"),
    "weights that are not saved": (
        "layers.Conv2D(19, 1)(x)",
        "layers.Conv2D(19, 1)(x + keras.random.normal((1, 24, 24, 6)))",
        NETWORK,
        r"network 'dots': expected the same predictions from saved weights, found some .* px off",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_said_with_its_line(fault):
    old, new, where, message = FAULTS[fault]
    code = changed(old, new)
    with pytest.raises(UserError, match=message) as error:
        try_recipe(recipe_in(code))
    line = 1 + code.text[: code.text.index(where)].count("\n")
    assert re.match(rf"idea\.py, line {line}: ", str(error.value)), error.value
