"""A user's file as text: a small network, a loss, a policy, an optimizer and a model."""

from __future__ import annotations

from textwrap import dedent

from kfold.config.code_file import CodeFile

IDEA = dedent("""\
    from typing import Annotated, Literal

    import keras
    from annotated_types import Ge, Le
    from keras import layers, ops

    from augment.policies import Policy
    from kfold.custom import loss, model, network, optimizer, policy
    from kfold.models.losses import residuals


    @network
    def dots(inputs, *, width: Annotated[int, Ge(2), Le(16)] = 4):
        x = layers.Rescaling(1 / 255)(inputs["image"])
        x = layers.AveragePooling2D(4)(x)
        x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
        return layers.Conv2D(19, 1)(x)


    @network
    def straight(inputs):
        x = layers.Flatten()(layers.AveragePooling2D(8)(inputs["image"]))
        return layers.Reshape((15, 2))(layers.Dense(30)(layers.Rescaling(1 / 255)(x)))


    @loss
    def absolute(target, prediction, *, power: Annotated[float, Ge(0.5), Le(4)] = 1.0):
        difference, present = residuals(target, prediction)
        return ops.sum(ops.abs(difference) ** power) / ops.maximum(ops.sum(present), 1.0)


    @policy
    def gentle(*, turn: Annotated[float, Ge(0), Le(30)] = 5.0):
        return Policy(flip=0.5, warp=0.8, rotate=turn)


    @optimizer
    def momentum(recipe, steps, *, beta: float = 0.9):
        return keras.optimizers.SGD(recipe.learning_rate, momentum=beta, nesterov=True)


    model(
        "mine",
        network="dots",
        loss="absolute",
        policy="gentle",
        optimizer="momentum",
        learning_rate=0.01,
        heatmap_weight=0.0,
        tta="flip",
        epochs=2,
        options={"width": 6, "beta": 0.8},
    )
""")


def code_file(text: str = IDEA, name: str = "idea.py") -> CodeFile:
    """A file of this text."""
    return CodeFile(name, tuple(text.split("\n")))


def changed(old: str, new: str) -> CodeFile:
    """The file with one of its parts replaced."""
    assert IDEA.count(old) == 1
    return code_file(IDEA.replace(old, new))
