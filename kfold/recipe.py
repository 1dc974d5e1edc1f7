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
        optimizer: 'adam' at a constant rate; 'adamw' or 'muon' with warm-up and cosine decay.
        learning_rate: its rate, or the peak of its schedule.
        weight_decay: of 'adamw' and 'muon'.
        ema: momentum of the weights' moving average, which is what predicts; 0 for none.
        map_weight: of the heatmaps' cross-entropy beside the loss, for networks with maps.
        distrust: after half of the epochs, labels farther than so many pixels from what the network
            makes of its own training faces are no longer trained on; 0 trains on all.
        coarse: share of the epochs, the first ones, that see faces at 64x64, for less than half of
            the time; for networks that take any size.
        views: a name in `kfold.views.VIEWS`: what is looked at when predicting.
    """

    network: str
    epochs: int
    loss: str = "mse"
    policy: str = "none"
    complete_rows: bool = False
    batch_size: int = 128
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    ema: float = 0.0
    map_weight: float = 0.0
    distrust: float = 0.0
    coarse: float = 0.0
    views: str = "plain"


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
        optimizer="muon",
        learning_rate=6e-3,
        weight_decay=0.03,
        map_weight=0.2,
        coarse=0.5,
        views="six",
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
