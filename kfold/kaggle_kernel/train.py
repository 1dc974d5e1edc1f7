"""The trainings of a session on Kaggle: those of a plan that are not finished elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from data.system.atomic import write_json
from data.system.command import run_command
from kfold.kaggle_kernel.plan import Plan
from kfold.kaggle_kernel.session import MACHINE


@dataclass(frozen=True)
class TrainOptions:
    """Train what plan.json in the current folder says, for a run below `runs` there."""

    data: Path
    """Folder with the competition's files, or a folder above."""


def main(options: TrainOptions) -> None:
    """Train, and leave what is finished in the run's folder."""
    from data.system.terminal import open_console
    from kfold.parallel.crossval import train_models
    from kfold.runs.code_version import code_version
    from kfold.runs.open_run import open_named_run
    from kfold.runs.versions import this_machine

    plan = Plan.read(Path())
    write_json(Path(MACHINE), this_machine())
    opened = open_named_run(plan.run, options.data)
    opened = replace(opened, run=replace(opened.run, code=code_version()))
    train_models(
        opened, plan.models, plan.seeds, open_console(), plan.jobs, elsewhere=plan.elsewhere
    )


if __name__ == "__main__":
    run_command(main, TrainOptions)
