"""The one library call behind `make cv`."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from data.system.locks import locked
from data.system.terminal import open_console
from kfold.config.cv_config import CVConfig
from kfold.kaggle_kernel.plan import Machine
from kfold.kaggle_kernel.remote import train_on_kaggle
from kfold.leaderboard.leaderboard import Leaderboard
from kfold.parallel.crossval import cross_validate
from kfold.parallel.resources import ComputeOptions
from kfold.report.write import write_report


def run_cv(
    config: CVConfig,
    folder: Path,
    console: Console | None = None,
    compute: ComputeOptions | None = None,
    force: bool = False,
    on: Machine | None = None,
) -> Leaderboard:
    """Cross-validate models, write the leaderboard and its report, and return the leaderboard.

    Other commands that write to `folder` wait until all is done.

    Args:
        config: data, models, folds, seeds and corrections.
        folder: of the run, `runs/<run>`, there or not; finished trainings are skipped.
        console: where progress and the leaderboard are printed; standard output by default.
        compute: where the trainings run; by default as many processes as suit this machine.
        force: forget the trainings asked for, and train them again.
        on: the kind of Kaggle's machines where the trainings run, `compute.jobs` at a time.

    Raises:
        UserError: the data cannot be read, the run was made with another configuration, every
            model diverged or failed, a worker was killed, or the cluster or Kaggle cannot be used.
    """
    console = console or open_console()
    with locked(folder):
        if on:
            jobs = compute.jobs if compute else None
            opened = train_on_kaggle(config, folder, console, on, jobs, force)
        else:
            opened = cross_validate(config, folder, console, compute, force)
        return write_report([opened], console)
