"""`make cv`: cross-validate models and write the leaderboard."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data.errors import run_command


@dataclass(frozen=True)
class Options:
    """Train models on every fold, predict out-of-fold and the test set, write the leaderboard.

    What is finished is skipped; what was cut off is trained again.
    """

    data: Path = Path("data/raw")
    """Folder with the competition's four files, zipped or not."""
    run: str | None = None
    """Name of the run; the preset's by default."""
    preset: str = "standard"
    """What to train, unless told otherwise below."""
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
    jobs: int | None = None
    """Trainings at a time; by default as many as suit the machine."""
    force: bool = False
    """Forget what was trained of these models and train them again."""


def main(options: Options) -> None:
    """Run the cross-validation that `options` describe."""
    from data.reader import read_competition
    from data.terminal import open_console
    from kfold.crossval import cross_validate, deal_folds
    from kfold.presets import preset_of, with_overrides
    from kfold.report.write import write_report
    from kfold.run import RunConfig, open_run, run_folder

    preset = with_overrides(
        preset_of(options.preset),
        options.models,
        options.folds,
        options.seeds,
        options.epochs,
        options.policy,
    )
    console = open_console()
    data = read_competition(options.data)
    console.print(f"{options.data}: {len(data.train)} training faces, {len(data.test)} to predict")
    config = RunConfig(str(options.data), data.checksum, preset.folds, preset.seeds, preset.models)
    run = open_run(run_folder(options.run or options.preset), config, options.force)
    folds = deal_folds(run, data.train, console)
    cross_validate(run, list(preset.models), preset.seeds, console, options.jobs)
    write_report([(run, folds)], data, console)


if __name__ == "__main__":
    run_command(main, Options)
