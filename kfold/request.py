"""What to train: a preset, a JSON file or a user's Python file, with what overrides them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from augment.workers import start_workers
from data.system.cgroups import usable_cores
from data.system.errors import UserError
from kfold.config.code_file import CodeFile, read_code_file
from kfold.config.config_file import read_config
from kfold.config.names import check_model_names
from kfold.config.presets import Preset, preset_of, with_overrides
from kfold.config.recipe import MODELS, Recipe
from kfold.custom.load import load
from kfold.custom.resolve import with_code
from kfold.parallel.worker import worker_environment

T = TypeVar("T")


@dataclass(frozen=True)
class Request:
    """Options of `make cv` that say what to train; see `kfold.cv.CVOptions`."""

    preset: str | None = None
    config: Path | None = None
    code: Path | None = None
    models: tuple[str, ...] = ()
    folds: int | None = None
    seeds: int | None = None
    epochs: int | None = None
    policy: str | None = None
    corrections: tuple[Path, ...] = ()

    @property
    def run_name(self) -> str:
        """Name of the run if none is given: that of the preset or of the file."""
        file = self.config or (None if self.preset else self.code)
        return file.stem if file else self.preset or "standard"


def requested_preset(request: Request, console: Console) -> Preset:
    """Models, folds and seeds that are asked for, tried; see `requested`."""
    return requested(request, console, lambda preset: preset)


def requested(request: Request, console: Console, read: Callable[[Preset], T]) -> T:
    """What `read` makes of the models, folds and seeds that are asked for.

    A user's file is run by another process, which calls `read` and tries each model that uses the
    file for one step, so that its faults are known before any data is read, and this process stays
    without Keras.

    Raises:
        UserError: options contradict each other, a file is wrong, a name does not exist, or `read`
            raises it.
    """
    if request.config and request.preset:
        raise UserError("PRESET= and CONFIG= both say what to train: pass one of them.")
    code = read_code_file(request.code) if request.code else None
    if not (code or _brings_code(request)):
        return read(_resolved(request, None))
    source = request.code or request.config
    console.print(f"{source}: trying its models on a few faces of noise")
    return _in_process(request, code, read)


def _brings_code(request: Request) -> bool:
    """Whether a recipe of the JSON file keeps a user's file, which is not run here."""
    if not request.config:
        return False
    preset = read_config(request.config, request.corrections)
    return any(recipe.code for recipe in preset.models.values())


def _resolved(request: Request, code: CodeFile | None) -> Preset:
    """The preset that is asked for; runs the user's file in this process."""
    declared = load(code).models if code else {}
    known: Mapping[str, Recipe] = MODELS | declared
    if request.config:
        preset, where = read_config(request.config, request.corrections, known), f"{request.config}"
    elif code and not request.preset and not request.models:
        if not declared:
            raise UserError(
                f"{code.name}: expected a model, declared by `model(...)`, found none. Pass "
                "MODELS= or PRESET= to `make cv` to use its functions otherwise."
            )
        preset, where = Preset(declared), code.name
    else:
        name = request.preset or "standard"
        preset, where = preset_of(name), f"preset {name!r}"
        if code and (same := sorted(declared.keys() & preset.models.keys())):
            raise UserError(
                f"{code.name}: model {same[0]!r}: expected another name, as {where} has a model of "
                "this name."
            )
    preset = with_overrides(
        preset, request.models, request.folds, request.seeds, request.epochs, known
    )
    check_model_names(preset.models, f"{where}: models")
    models = {
        name: with_code(recipe, code, f"{where}: models.{name}", request.policy)
        for name, recipe in preset.models.items()
    }
    if code and not request.models and not any(recipe.code for recipe in models.values()):
        raise UserError(
            f"{where}: expected a model that uses {code.name}, found none. Pass MODELS= or POLICY= "
            "with names that it declares."
        )
    return replace(preset, models=models)


def _in_process(request: Request, code: CodeFile | None, read: Callable[[Preset], T]) -> T:
    """Resolve and read the request, and try its models, in another process."""
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    pool = start_workers(1, environment=worker_environment(usable_cores()))
    try:
        return pool.submit(_tried, request, code, read).result()
    except TerminatedWorkerError:
        raise UserError(
            f"{request.code or request.config}: the process that tried its models was killed or "
            "ended itself."
        ) from None
    finally:
        pool.shutdown(kill_workers=True)  # type: ignore[call-arg]


def _tried(request: Request, code: CodeFile | None, read: Callable[[Preset], T]) -> T:
    from kfold.training.trial_step import try_recipe

    preset = _resolved(request, code)
    found = read(preset)  # may refuse it at once
    for recipe in preset.models.values():
        if recipe.code:
            try_recipe(recipe)
    return found
