"""Optimizers: Adam for the baselines, AdamW or Muon with a schedule for our networks."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from data.system.errors import UserError
from kfold.config.recipe import BUILT_IN, Recipe
from kfold.custom.resolve import bound, located_at

WARM_UP = 0.06
"""Share of the steps in which the learning rate rises to its peak."""

FIRST_RATE, LAST_RATE = 0.02, 0.01
"""Learning rate at the first and the last step, relative to the peak."""

CLIP_NORM = 1.0
"""Maximum norm of the gradient over all variables."""

_BETA_2 = 0.99
_NOT_DECAYED = ["bias", "factor", "sharpness", "offset"]  # in variable names
_OUTPUT_LAYER = "logits"


def build_optimizer(recipe: Recipe, steps: int) -> keras.optimizers.Optimizer:
    """Build the optimizer of a recipe for a training of `steps` steps.

    Raises:
        UserError: there is no such optimizer, or the user's function for it is wrong.
    """
    if recipe.optimizer not in BUILT_IN["optimizer"]:
        return _declared_optimizer(recipe, steps)
    if recipe.optimizer == "adam":
        return keras.optimizers.Adam(recipe.learning_rate)
    common: dict[str, Any] = {
        "learning_rate": schedule(recipe.learning_rate, steps),
        "weight_decay": recipe.weight_decay,
        "global_clipnorm": CLIP_NORM,
    }
    if recipe.optimizer == "adamw":
        optimizer = keras.optimizers.AdamW(beta_2=_BETA_2, **common)
    else:
        optimizer = ConvolutionMuon(
            adam_weight_decay=recipe.weight_decay,
            adam_beta_2=_BETA_2,
            exclude_layers=[_OUTPUT_LAYER],
            **common,
        )
    optimizer.exclude_from_weight_decay(var_names=_NOT_DECAYED)
    return optimizer


def _declared_optimizer(recipe: Recipe, steps: int) -> keras.optimizers.Optimizer:
    with located_at(recipe, "optimizer"):
        optimizer = bound(recipe, "optimizer")(recipe, steps)
        if not isinstance(optimizer, keras.optimizers.Optimizer):
            raise UserError(f"expected a Keras optimizer, found {optimizer!r:.80}.")
        if optimizer.built:
            raise UserError(
                "expected a new optimizer for each training, found one that is in use: make it "
                "inside the function."
            )
    return optimizer


def schedule(peak: float, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """Linear warm-up to `peak`, then cosine decay, over so many steps."""
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
    """Muon (Jordan et al., 2024) for convolution kernels; Keras's Muon supports matrices only.

    A kernel (h, w, in, out) is orthogonalised as the matrix (h w in, out) that multiplies image
    patches. AdamW updates all other variables: biases, gains and the output layer.
    """

    def _should_use_adamw(self, variable: Any) -> bool:
        return len(variable.shape) != 4 or any(
            name in variable.path for name in self.exclude_layers
        )

    def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> Any:
        """Orthogonalise a kernel (h, w, in, out) by `steps` Newton-Schulz iterations.

        Keras iterates X <- aX + (bA + cA^2)X with A = XX'. Every factor is a polynomial of the
        first A, so their product needs only (out, out) matrices, and X, which is up to ten times
        as large, is multiplied once at the end.
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
        """Scale an update to the size of Adam's, so that learning rates are comparable."""
        return x * (self.rms_rate * math.sqrt(max(math.prod(x.shape[:-1]), x.shape[-1])))
