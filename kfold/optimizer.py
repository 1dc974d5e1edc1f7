"""How the weights move: plain Adam for the reference models, scheduled Muon for ours."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from kfold.recipe import Recipe

WARM_UP = 0.06
"""Share of the steps over which the learning rate rises to its peak."""

FIRST_RATE, LAST_RATE = 0.02, 0.01
"""Learning rate at the first and the last step, as shares of the peak."""

CLIP_NORM = 1.0
"""Largest norm of the whole gradient."""

_NOT_DECAYED = ["bias", "factor", "sharpness", "offset"]
_LAST_LAYER = "logits"


def build_optimizer(recipe: Recipe, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer of a training that takes so many steps."""
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
    optimizer = ConvolutionMuon(
        rate,
        weight_decay=recipe.weight_decay,
        adam_weight_decay=recipe.weight_decay,
        adam_beta_2=0.99,
        global_clipnorm=CLIP_NORM,
        exclude_layers=[_LAST_LAYER],
    )
    optimizer.exclude_from_weight_decay(var_names=_NOT_DECAYED)
    return optimizer


@keras.saving.register_keras_serializable("kfold")
class ConvolutionMuon(keras.optimizers.Muon):
    """Muon (Jordan et al., 2024), which Keras keeps to matrices, for convolution kernels too.

    A kernel (h, w, in, out) is orthogonalised as the matrix (h w in, out) that it multiplies
    patches with. Biases, gains and the last layer take AdamW's steps.
    """

    def _should_use_adamw(self, variable: Any) -> bool:
        return len(variable.shape) != 4 or any(
            name in variable.path for name in self.exclude_layers
        )

    def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> Any:
        """Orthogonalise a kernel as a matrix."""
        matrix = ops.reshape(x, (-1, x.shape[-1]))
        return ops.reshape(super().zeropower_via_newtonschulz5(matrix, steps), x.shape)

    def lr_adjust(self, x: Any) -> Any:
        """Scale an update so that a learning rate means what it means to Adam."""
        return x * (self.rms_rate * math.sqrt(max(math.prod(x.shape[:-1]), x.shape[-1])))
