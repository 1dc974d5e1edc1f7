"""How the weights move: plain Adam for the reference models, a modern schedule for ours."""

from __future__ import annotations

import keras

from kfold.recipe import Recipe

WARM_UP = 0.06
"""Share of the steps over which the learning rate rises to its peak."""

FIRST_RATE, LAST_RATE = 0.02, 0.01
"""Learning rate at the first and the last step, as shares of the peak."""

CLIP_NORM = 1.0
"""Largest norm of the whole gradient."""

_NOT_DECAYED = ["bias", "factor", "sharpness", "offset"]


def build_optimizer(recipe: Recipe, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer of a training that takes so many steps.

    With `recipe.average` the weights are averaged (Polyak & Juditsky, 1992) with a momentum that
    reaches back over that share of the steps, so that a short training's start is forgotten too;
    `model.fit` leaves the averages in the model when it ends.
    """
    if not recipe.scheduled:
        return keras.optimizers.Adam(recipe.learning_rate)
    warm_up = max(1, round(WARM_UP * steps))
    rate = keras.optimizers.schedules.CosineDecay(
        FIRST_RATE * recipe.learning_rate,
        decay_steps=max(1, steps - warm_up),
        alpha=LAST_RATE,
        warmup_target=recipe.learning_rate,
        warmup_steps=warm_up,
    )
    optimizer = keras.optimizers.AdamW(
        rate,
        weight_decay=recipe.weight_decay,
        beta_2=recipe.beta_2,
        global_clipnorm=CLIP_NORM,
        use_ema=recipe.average > 0,
        ema_momentum=1 - 1 / max(1.0, recipe.average * steps),
    )
    optimizer.exclude_from_weight_decay(var_names=_NOT_DECAYED)
    return optimizer
