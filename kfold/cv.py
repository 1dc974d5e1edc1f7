"""`make cv`: cross-validate models and write the leaderboard."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import UserError, run_command
from kfold.place import Place

if TYPE_CHECKING:
    from rich.console import Console

    from data.reader import Competition
    from kfold.presets import Preset
    from kfold.run import Run


@dataclass(frozen=True)
class Options(Place):
    """Train models on every fold, predict out-of-fold and the test set, write the leaderboard.

    What is finished is skipped; what was cut off is trained again.
    """

    data: Path = Path("data/raw")
    """Folder with the competition's four files, zipped or not."""
    run: str | None = None
    """Name of the run; the preset's or the configuration's by default."""
    preset: str | None = None
    """What to train, unless told otherwise below; 'standard' by default."""
    config: Path | None = None
    """JSON file with recipes to train instead of a preset's, see `kfold.config_file`."""
    models: tuple[str, ...] = ()
    """Models to train instead of the preset's."""
    folds: int | None = None
    """How many folds."""
    seeds: int | None = None
    """Trainings of each model on each fold."""
    epochs: int | None = None
    """Passes over the training rows, for every model."""
    policy: str | None = None
    """Augmentation policy, for every model."""
    corrections: Path | None = None
    """Labels to drop or to change in training, such as another run's suspects.csv."""
    force: bool = False
    """Forget what was trained of these models and train them again."""


def main(options: Options) -> None:
    """Run the cross-validation that `options` describe."""
    from data.atomic import locked
    from data.reader import read_competition
    from data.terminal import open_console
    from kfold.cluster import cluster_need
    from kfold.config_file import read_config
    from kfold.crossval import cross_validate, deal_folds
    from kfold.presets import preset_of, with_overrides
    from kfold.report.write import write_report
    from kfold.run import run_folder

    cluster = cluster_need(options)
    if options.config and options.preset:
        raise UserError("PRESET= and CONFIG= both say what to train: pass one of them.")
    name = options.config.stem if options.config else options.preset or "standard"
    preset = with_overrides(
        read_config(options.config, options.corrections) if options.config else preset_of(name),
        options.models,
        options.folds,
        options.seeds,
        options.epochs,
        options.policy,
    )
    console = open_console()
    data = read_competition(options.data)
    console.print(f"{options.data}: {len(data.train)} training faces, {len(data.test)} to predict")
    folder = run_folder(options.run or name)
    with locked(folder):
        run = _open(folder, options, preset, data, console)
        folds = deal_folds(run, data.train, console)
        cross_validate(run, list(preset.models), preset.seeds, console, options.jobs, cluster)
        write_report([(run, folds)], data, console)


def _open(
    folder: Path, options: Options, preset: Preset, data: Competition, console: Console
) -> Run:
    """Start the run or take it up, with a copy of the corrections that it is trained on."""
    import hashlib

    from data.atomic import write_text
    from data.corrections import read_corrections
    from kfold.run import open_run
    from kfold.run_config import CORRECTIONS, RunConfig

    config = RunConfig(str(options.data), data.checksum, preset.folds, preset.seeds, preset.models)
    if not options.corrections:
        return open_run(folder, config, options.force)
    _, applied = read_corrections(options.corrections, data.train)
    text = options.corrections.read_bytes()
    config = replace(config, corrections=hashlib.sha256(text).hexdigest())
    run = open_run(folder, config, options.force)
    write_text(run.folder / CORRECTIONS, text.decode())
    console.print(f"{options.corrections}: {applied} corrections, for training only")
    return run


if __name__ == "__main__":
    run_command(main, Options)
