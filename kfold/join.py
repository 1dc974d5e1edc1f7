"""`make join`: predictions that were made elsewhere become a line of a run's leaderboard."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from data.system.command import run_command
from data.system.errors import UserError


@dataclass(frozen=True)
class JoinOptions:
    """Join predictions of any model to a run, where they are scored and blended as its own are.

    FROM is a folder with oof.csv, a line for each training row, and test.csv, a line for each test
    image. Each row of oof.csv is predicted by a model that was trained on the other folds of the
    run's folds.csv, which `make folds` writes; test.csv by any models.
    """

    from_: Annotated[Path | None, tyro.conf.arg(name="from")] = None
    """Folder with oof.csv (columns: row and the 30 of training.csv) and test.csv (ImageId and
    these), in pixels."""
    name: str | None = None
    """Name of the line."""
    run: str | None = None
    """Name of the run; the latest by default."""
    data: Path | None = None
    """Where the competition's files are now, if they moved since the run was made."""
    force: bool = False
    """Replace other predictions of this name."""


def main(options: JoinOptions) -> None:
    """Join the predictions, then write the run's report.

    Raises:
        UserError: there is no such run, or the predictions are incomplete or implausible.
    """
    if options.from_ is None or options.name is None:
        raise UserError(
            "FROM and NAME: expected `make join RUN=<run> FROM=<folder with oof.csv and test.csv> "
            "NAME=<line>`, found one of them missing."
        )
    from data.system.locks import locked
    from data.system.terminal import open_console
    from kfold.joining.record import join_predictions
    from kfold.report.write import write_report
    from kfold.runs.locate import latest_run, run_folder
    from kfold.runs.open_run import open_named_run

    folder, console = run_folder(options.run) if options.run else latest_run(), open_console()
    with locked(folder):
        opened = open_named_run(folder.name, options.data)
        opened, new = join_predictions(opened, options.from_, options.name, options.force)
        state = "joined" if new else "joined before, the same predictions"
        console.print(f"{folder}: {options.from_} as {options.name!r}: {state}")
        write_report([opened], console)


if __name__ == "__main__":
    run_command(main, JoinOptions)
