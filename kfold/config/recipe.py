"""A recipe: how one model is built, trained and used to predict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Le

from data.system.errors import UserError
from kfold.config.architecture import Architecture
from kfold.config.code_file import CodeFile
from kfold.config.validation import STRICT

Part = Literal["network", "loss", "policy", "optimizer"]
"""Fields of a recipe that name a function, which may be one of the user's, see `kfold.custom`."""

BUILT_IN: dict[Part, tuple[str, ...]] = {
    "network": ("base", "base_extended", "heatmap", "regression", "unet"),
    "loss": ("mse", "zero_filled_mse", "huber"),
    "policy": ("none", "flip", "light", "standard", "strong"),
    "optimizer": ("adam", "adamw", "muon"),
}
"""Names of the functions that exist here."""

MAP_NETWORKS = ("heatmap", "unet")
"""Built-in networks with heatmaps, which take images of any size."""

Precision = Literal["float32", "mixed_bfloat16", "auto"]
TTAName = Literal["none", "flip", "four", "eight"]
LOW_RES_SIZE = 64
"""Width and height in pixels of the images of low-resolution epochs."""
MAX_COUNT = 1_000_000
Count = Annotated[int, Ge(1), Le(MAX_COUNT)]
# Beyond these, float32 loses every update of the weights, or overflows.
LearningRate = Annotated[float, Ge(1e-9), Le(1000)]
Strength = Annotated[float, Ge(0), Le(1000)]
OptionValue = bool | int | float | str | tuple[bool | int | float | str, ...]

VIEWS: dict[TTAName, int] = {"none": 1, "flip": 2, "four": 4, "eight": 8}
"""Number of test-time views of each set in `kfold.training.tta.TTA`."""


@dataclass(frozen=True)
class Recipe:
    """How one model is built, trained and used to predict; data, fold and seed are no part of it.

    Attributes:
        network: a name in `kfold.models.registry.NETWORKS`, or of a function in `code`; so are
            `loss`, `policy` and `optimizer`.
        epochs: passes over the training rows.
        loss: a name in `kfold.models.losses.LOSSES`.
        policy: augmentation, a name in `augment.policies.POLICIES`.
        complete_rows_only: train only on rows with all 15 keypoints; every row is still scored.
        batch_size: images per step.
        optimizer: 'adam' at a constant rate; 'adamw' or 'muon' with warm-up and cosine decay.
        learning_rate: the constant rate, or the peak of the schedule.
        weight_decay: for 'adamw' and 'muon'.
        heatmap_weight: weight of the heatmaps' cross-entropy in the loss, for networks with
            heatmaps.
        low_res_share: share of the epochs, the first ones, that train on 64x64 images, at less than
            half the cost; for networks that accept any image size.
        precision: of training. 'mixed_bfloat16' computes in bfloat16, but keeps weights in float32
            and reads heatmaps in it; 'auto' does so on processors that have bfloat16, without a
            GPU. Photos and exported files are always predicted in float32.
        tta: test-time augmentation, a name in `kfold.training.tta.TTA`.
        architecture: sizes of the networks 'heatmap', 'regression' and 'unet'.
        options: of the functions in `code`, by name.
        code: the user's file that declares functions of this recipe; None if all are built in.
    """

    __pydantic_config__: ClassVar = STRICT

    network: str
    epochs: Count
    loss: str = "mse"
    policy: str = "none"
    complete_rows_only: bool = False
    batch_size: Count = 128
    optimizer: str = "adam"
    learning_rate: LearningRate = 1e-3
    weight_decay: Strength = 0.0
    heatmap_weight: Strength = 0.0
    low_res_share: Annotated[float, Ge(0), Le(1)] = 0.0
    precision: Precision = "float32"
    tta: TTAName = "none"
    architecture: Architecture = field(default_factory=Architecture)
    options: dict[str, OptionValue] = field(default_factory=dict)
    code: CodeFile | None = None

    def named(self, part: Part) -> str:
        """The name in the field `part`."""
        return getattr(self, part)


_HEATMAP = Recipe(
    "heatmap",
    epochs=30,
    loss="huber",
    policy="light",
    batch_size=32,
    optimizer="muon",
    learning_rate=0.018,
    weight_decay=0.054,
    heatmap_weight=0.1,
    low_res_share=0.5,
    precision="auto",
    tta="eight",
)
_UNET = replace(
    _HEATMAP,
    network="unet",
    epochs=48,
    # AMX multiplies tiles of 32 channels: 24 would be no faster.
    architecture=Architecture(
        stem_width=32, stage_widths=(32, 64, 128), stage_blocks=(1, 1, 1), dropout=0.0
    ),
)

MODELS: dict[str, Recipe] = {
    "base": Recipe("base", epochs=3, complete_rows_only=True),
    "base_extended": Recipe("base_extended", epochs=100, complete_rows_only=True),
    "mask": Recipe("base_extended", epochs=100),
    "mask_zero_filled": Recipe("base_extended", epochs=100, loss="zero_filled_mse"),
    "heatmap": _HEATMAP,
    "unet": _UNET,
}
"""Recipes by model name: three baselines, `mask` with its original loss, and our two networks."""


def recipe_of(model: str, known: Mapping[str, Recipe] = MODELS, where: str = "") -> Recipe:
    """The recipe of the model called `model`.

    Args:
        model: the name.
        known: recipes by name.
        where: the name's place, for the error message.

    Raises:
        UserError: there is no such model.
    """
    if model not in known:
        place = f"{where}: " if where else ""
        raise UserError(f"{place}unknown model {model!r}: expected one of {', '.join(known)}.")
    return known[model]


def derived(
    given: Mapping[str, Any], like: str | None, known: Mapping[str, Recipe], where: str
) -> dict[str, Any]:
    """Fields of a recipe that leaves some out.

    They come from the model `like`; by default from that called like the recipe's network, such as
    `unet`, or else from `heatmap`. Another network than that model's takes neither
    `low_res_share`, `precision` nor `architecture`, which belong to that.

    Args:
        given: the fields that it has; `architecture` may leave some out, too.
        like: the name of a model.
        known: recipes by name.
        where: the recipe's place, for error messages.

    Raises:
        UserError: there is no such model.
    """
    named = str(given.get("network"))
    base = recipe_of(like or (named if named in MODELS else "heatmap"), known, f"{where}.like")
    values = asdict(base) | {"code": None}
    if given.get("network", base.network) != base.network:
        values |= {
            "low_res_share": 0.0,
            "precision": "float32",
            "architecture": asdict(Architecture()),
        }
    sizes = given.get("architecture")
    if isinstance(sizes, dict):
        given = {**given, "architecture": values["architecture"] | sizes}
    return values | dict(given)


def differences(one: Recipe | Architecture, other: Recipe | Architecture) -> str:
    """Fields of `one` that differ from `other`: 'loss mse · stem_width 32'."""
    parts: list[str] = []
    for each in fields(one):
        mine, theirs = getattr(one, each.name), getattr(other, each.name)
        if mine == theirs:
            continue
        if isinstance(mine, Architecture):
            parts.append(differences(mine, theirs))
        elif each.name == "options":
            changed = {name: at for name, at in mine.items() if theirs.get(name) != at}
            parts += [f"{name} {_shown(at)}" for name, at in changed.items()]
        elif each.name == "code":
            parts.append(f"code {mine.name} {mine.checksum}" if mine else "no code")
        else:
            parts.append(f"{each.name} {_shown(mine)}")
    return " · ".join(parts)


def _shown(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value).strip("()")


def check_network(recipe: Recipe, where: str) -> None:
    """Check that a recipe sets no option that its network does not support.

    Args:
        recipe: the recipe.
        where: its place, for the error message.

    Raises:
        UserError: it sets an architecture or low-resolution epochs that its network does not
            support.
    """
    network = recipe.network
    built_in = network in BUILT_IN["network"]
    if recipe.low_res_share and built_in and network not in MAP_NETWORKS:
        raise UserError(
            f"{where}.low_res_share: expected 0.0, as {network!r} takes one image size "
            f"only, found {recipe.low_res_share}."
        )
    if recipe.architecture != Architecture() and network not in (*MAP_NETWORKS, "regression"):
        raise UserError(f"{where}.architecture: expected none, as {network!r} has a fixed one.")
