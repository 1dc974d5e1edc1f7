"""How the weights move: Adam for the reference models, Muon with a schedule for ours."""

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

_BETA_2 = 0.99
_NOT_DECAYED = ["bias", "factor", "sharpness", "offset"]
_LAST_LAYER = "logits"


def build_optimizer(recipe: Recipe, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer of a training that takes so many steps."""
    average: dict[str, Any] = {"use_ema": bool(recipe.ema), "ema_momentum": recipe.ema or None}
    if recipe.optimizer == "adam":
        return keras.optimizers.Adam(recipe.learning_rate, **average)
    common = {
        "learning_rate": _schedule(recipe.learning_rate, steps),
        "weight_decay": recipe.weight_decay,
        "global_clipnorm": CLIP_NORM,
        **average,
    }
    if recipe.optimizer == "adamw":
        optimizer = keras.optimizers.AdamW(beta_2=_BETA_2, **common)
    else:
        optimizer = ConvolutionMuon(
            adam_weight_decay=recipe.weight_decay,
            adam_beta_2=_BETA_2,
            exclude_layers=[_LAST_LAYER],
            **common,
        )
    optimizer.exclude_from_weight_decay(var_names=_NOT_DECAYED)
    return optimizer


def _schedule(peak: float, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """A linear warm-up, then half a cosine down."""
    warm_up = max(1, round(WARM_UP * steps))
    return keras.optimizers.schedules.CosineDecay(
        FIRST_RATE * peak,
        decay_steps=max(1, steps - warm_up),
        alpha=LAST_RATE,
        warmup_target=peak,
        warmup_steps=warm_up,
    )


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
        """Orthogonalise a kernel as a matrix.

        Keras's iteration X <- aX + (bA + cA^2)X, A = XX', only ever multiplies X from the left by
        polynomials of the first A. So their product is found among (out, out) matrices and X, up
        to ten times as large, is multiplied once at the end.
        """
        matrix = ops.transpose(ops.reshape(x, (-1, x.shape[-1])))
        wide = matrix if matrix.shape[0] <= matrix.shape[1] else ops.transpose(matrix)
        wide = wide / (ops.norm(wide) + 1e-7)
        product = one = ops.eye(wide.shape[0])
        gram = wide @ ops.transpose(wide)
        for _ in range(steps):
            factor = self.muon_a * one + self.muon_b * gram + self.muon_c * gram @ gram
            product = factor @ product
            gram = factor @ gram @ factor
        wide = product @ wide
        matrix = wide if matrix.shape[0] <= matrix.shape[1] else ops.transpose(wide)
        return ops.reshape(ops.transpose(matrix), x.shape)

    def lr_adjust(self, x: Any) -> Any:
        """Scale an update so that a learning rate means what it means to Adam."""
        return x * (self.rms_rate * math.sqrt(max(math.prod(x.shape[:-1]), x.shape[-1])))
