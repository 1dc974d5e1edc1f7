"""`make cv`: cross-validate models and write the leaderboard."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from data.system.command import run_command
from data.system.errors import UserError
from kfold.kaggle_kernel.plan import Machine
from kfold.parallel.resources import ComputeOptions


@dataclass(frozen=True)
class CVOptions(ComputeOptions):
    """Train models on every fold, predict out-of-fold and the test set, write the leaderboard.

    Finished trainings are skipped; interrupted ones are trained again.
    """

    data: Path = Path("data/raw")
    """Folder with the competition's four files, zipped or not."""
    run: str | None = None
    """Name of the run; by default the preset's, or that of the CONFIG file."""
    preset: str | None = None
    """What to train: quick, standard, best or ablation; 'standard' by default."""
    config: Path | None = None
    """JSON file with recipes to train instead of a preset's, such as a search's winner.json."""
    code: Path | None = None
    """Python file of your own that declares networks, losses, augmentation, optimizers or models;
    without PRESET, CONFIG or MODELS, its models are trained."""
    models: tuple[str, ...] = ()
    """Models to train instead of the preset's."""
    folds: int | None = None
    """Number of folds."""
    seeds: int | None = None
    """Trainings per model and fold."""
    epochs: int | None = None
    """Passes over the training rows, for every model."""
    policy: str | None = None
    """Augmentation policy, for every model."""
    corrections: tuple[Path, ...] = ()
    """Labels to drop or to change in training, such as a run's suspects.csv; one file or more."""
    on: Machine | None = None
    """Train on Kaggle, with a GPU or, by 'kaggle-cpu', without; stopping the command stops nothing
    there, and the same command attaches again."""
    force: bool = False
    """Forget these trainings, and all of a model whose recipe changed, and train again."""


def main(options: CVOptions) -> None:
    """Run the cross-validation that `options` describe."""
    from data.system.terminal import open_console
    from kfold.config.cv_config import CVConfig
    from kfold.cross_validation import run_cv
    from kfold.parallel.resources import cluster_resources
    from kfold.request import Request, requested_preset
    from kfold.runs.locate import run_folder

    if options.on and options.cluster:
        raise UserError("ON= and CLUSTER= both say where to train: pass one of them.")
    cluster_resources(options)  # refuses options that contradict each other
    console = open_console()
    request = Request(**{each.name: getattr(options, each.name) for each in fields(Request)})
    folder = run_folder(options.run or request.run_name)
    preset = requested_preset(request, console)
    config = CVConfig(options.data, preset, options.corrections)
    run_cv(config, folder, console, options, options.force, options.on)


if __name__ == "__main__":
    run_command(main, CVOptions)
