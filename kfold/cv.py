"""`make cv`: cross-validate models and write the leaderboard."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data.errors import UserError, run_command
from kfold.place import Place


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
    """Forget these trainings, and all of a model whose recipe changed, and train again."""


def main(options: Options) -> None:
    """Run the cross-validation that `options` describe."""
    from data.atomic import locked
    from data.reader import read_competition
    from data.terminal import open_console
    from kfold.begin import begin_run
    from kfold.config_file import read_config
    from kfold.crossval import cross_validate
    from kfold.need import cluster_need
    from kfold.presets import preset_of, with_overrides
    from kfold.report.write import write_report
    from kfold.run import run_folder
    from kfold.run_config import RunConfig

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
    config = RunConfig(str(options.data), data.checksum, preset.folds, preset.seeds, preset.models)
    with locked(folder):
        run, folds = begin_run(
            folder, config, options.corrections, data.train, console, options.force
        )
        cross_validate(run, list(preset.models), preset.seeds, console, options.jobs, cluster)
        write_report([(run, folds)], data, console)


if __name__ == "__main__":
    run_command(main, Options)
