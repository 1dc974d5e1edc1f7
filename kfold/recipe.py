"""How a model is made and trained, and the recipes known by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Le, Lt

from data.errors import UserError
from kfold.shape import Shape
from kfold.validate import STRICT

Network = Literal["base", "base_extended", "heatmap", "regression"]
Loss = Literal["mse", "zero_filled_mse", "huber", "wing"]
Policy = Literal["none", "flip", "light", "standard", "strong"]
Optimizer = Literal["adam", "adamw", "muon"]
Precision = Literal["float32", "mixed_bfloat16"]
Views = Literal["plain", "mirror", "four", "eight"]
Count = Annotated[int, Ge(1)]
NotNegative = Annotated[float, Ge(0)]


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what one model becomes, but for data, fold and seed.

    Attributes:
        network: a name in `kfold.networks.NETWORKS`.
        epochs: passes over the training rows.
        loss: a name in `kfold.losses.LOSSES`.
        policy: a name in `augment.policies.POLICIES`.
        complete_rows: train only on rows with all 15 keypoints; it is scored on every row.
        batch_size: images a step.
        optimizer: 'adam' at a constant rate; 'adamw' or 'muon' with warm-up and cosine decay.
        learning_rate: its rate, or the peak of its schedule.
        weight_decay: of 'adamw' and 'muon'.
        ema: momentum of the weights' moving average, which is what predicts; 0 for none.
        map_weight: of the heatmaps' cross-entropy beside the loss, for networks with maps.
        distrust: after half of the epochs, labels farther than so many pixels from what the network
            makes of its own training faces are no longer trained on; 0 trains on all.
        coarse: share of the epochs, the first ones, that see faces at 64x64, for less than half of
            the time; for networks that take any size.
        precision: of the network's arithmetic; 'mixed_bfloat16' keeps weights and heads in float32.
        views: a name in `kfold.views.VIEWS`: what is looked at when predicting.
        shape: widths, depths and filters, for the networks 'heatmap' and 'regression'.
    """

    __pydantic_config__: ClassVar = STRICT

    network: Network
    epochs: Count
    loss: Loss = "mse"
    policy: Policy = "none"
    complete_rows: bool = False
    batch_size: Count = 128
    optimizer: Optimizer = "adam"
    learning_rate: Annotated[float, Gt(0)] = 1e-3
    weight_decay: NotNegative = 0.0
    ema: Annotated[float, Ge(0), Lt(1)] = 0.0
    map_weight: NotNegative = 0.0
    distrust: NotNegative = 0.0
    coarse: Annotated[float, Ge(0), Le(1)] = 0.0
    precision: Precision = "float32"
    views: Views = "plain"
    shape: Shape = field(default_factory=Shape)


MODELS: dict[str, Recipe] = {
    "base": Recipe("base", epochs=3, complete_rows=True),
    "base_extended": Recipe("base_extended", epochs=100, complete_rows=True),
    "mask": Recipe("base_extended", epochs=100),
    "mask_zero_filled": Recipe("base_extended", epochs=100, loss="zero_filled_mse"),
    "heatmap": Recipe(
        "heatmap",
        epochs=44,
        loss="huber",
        policy="standard",
        batch_size=32,
        optimizer="muon",
        learning_rate=0.018,
        weight_decay=0.054,
        map_weight=0.1,
        coarse=0.5,
        views="eight",
    ),
}
"""The three reference models, `mask_zero_filled`, which is `mask` with its notebook's own loss,
and ours."""


def recipe_of(model: str, known: Mapping[str, Recipe] = MODELS) -> Recipe:
    """The recipe known as `model`.

    Raises:
        UserError: no such model.
    """
    if model not in known:
        raise UserError(f"unknown model {model!r}: expected one of {', '.join(known)}.")
    return known[model]


def differences(one: Recipe | Shape, other: Recipe | Shape) -> str:
    """What is different in one of two recipes or two shapes: 'loss wing · stem 32'."""
    parts: list[str] = []
    for each in fields(one):
        mine, its = getattr(one, each.name), getattr(other, each.name)
        if mine == its:
            continue
        if isinstance(mine, Shape):
            parts.append(differences(mine, its))
        else:
            shown = f"{mine:.3g}" if isinstance(mine, float) else str(mine).strip("()")
            parts.append(f"{each.name} {shown}")
    return " · ".join(parts)


def check_network(recipe: Recipe, where: str) -> None:
    """Refuse what a recipe's network cannot do.

    Raises:
        UserError: a shape for a network that has none, or small faces for one of a fixed size.
    """
    if recipe.coarse and recipe.network != "heatmap":
        raise UserError(
            f"{where}.coarse: expected 0.0, as {recipe.network!r} takes faces of one size only, "
            f"found {recipe.coarse}."
        )
    if recipe.shape != Shape() and recipe.network in ("base", "base_extended"):
        raise UserError(f"{where}.shape: expected none, as {recipe.network!r} has a fixed one.")
