"""How a model is made and trained, and the recipes known by name."""

from __future__ import annotations

from dataclasses import dataclass

from data.errors import UserError


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
        learning_rate: of Adam, or its peak where it is scheduled.
        scheduled: Muon with warm-up and cosine decay instead of Adam at a constant rate.
        weight_decay: of Muon.
        map_weight: of the heatmaps' cross-entropy beside the loss, for networks with maps.
        mirrored_view: predict the mirrored face too, and average the two.
    """

    network: str
    epochs: int
    loss: str = "mse"
    policy: str = "none"
    complete_rows: bool = False
    batch_size: int = 128
    learning_rate: float = 1e-3
    scheduled: bool = False
    weight_decay: float = 0.0
    map_weight: float = 0.0
    mirrored_view: bool = False


MODELS: dict[str, Recipe] = {
    "base": Recipe("base", epochs=3, complete_rows=True),
    "base_extended": Recipe("base_extended", epochs=100, complete_rows=True),
    "mask": Recipe("base_extended", epochs=100),
    "mask_zero_filled": Recipe("base_extended", epochs=100, loss="zero_filled_mse"),
    "heatmap": Recipe(
        "heatmap",
        epochs=40,
        loss="huber",
        policy="standard",
        batch_size=32,
        learning_rate=6e-3,
        scheduled=True,
        weight_decay=0.03,
        map_weight=0.2,
        mirrored_view=True,
    ),
}
"""The three reference models, `mask_zero_filled`, which is `mask` with its notebook's own loss,
and ours."""


def recipe_of(model: str) -> Recipe:
    """The recipe known as `model`.

    Raises:
        UserError: no such model.
    """
    if model not in MODELS:
        raise UserError(f"unknown model {model!r}: expected one of {', '.join(MODELS)}.")
    return MODELS[model]
