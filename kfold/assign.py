"""`make folds`: assign the folds of a run, without training anything."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data.system.command import run_command

if TYPE_CHECKING:
    from rich.console import Console

    from kfold.runs.open_run import OpenRun

COLUMNS = """\
  row        of training.csv, counted from 0
  annotator  1 or 2, told apart by which keypoints are labelled
  group      rows of one person or photograph; no group crosses folds
  fold       its rows are to be predicted by models that are trained on the other folds"""


@dataclass(frozen=True)
class FoldsOptions:
    """Write folds.csv of a new run, for models that are trained elsewhere; or show a run's folds.

    `make cv` with the same RUN and FOLDS trains on them, `make join` takes predictions for them.
    """

    run: str = "standard"
    """Name of the run; by default that of `make cv`."""
    data: Path | None = None
    """Folder with the competition's four files, zipped or not; by default data/raw, or that of the
    run."""
    folds: int | None = None
    """Number of folds; 5 by default."""


def main(options: FoldsOptions) -> None:
    """Assign the folds unless the run has them, and print what they are.

    Raises:
        UserError: the data cannot be read, the faces do not allow so many folds, or the run has
            another number of them or other data.
    """
    import numpy as np

    from data.system.locks import locked
    from data.system.terminal import open_console
    from kfold.runs.fold_table import FOLDS
    from kfold.runs.locate import run_folder

    folder, console = run_folder(options.run), open_console()
    with locked(folder):
        opened = _open(folder, options, console)
    sizes = np.bincount(opened.folds)
    console.print(
        f"{folder / FOLDS}: {len(opened.folds)} rows in {len(sizes)} folds of {sizes.min()} to "
        f"{sizes.max()} rows\n{COLUMNS}\n"
        f"Then: make join RUN={folder.name} FROM=<folder with oof.csv and test.csv> NAME=<line>"
    )


def _open(folder: Path, options: FoldsOptions, console: Console) -> OpenRun:
    """The run, with its folds assigned."""
    from dataclasses import replace

    from data.reader import read_competition
    from kfold.config.cv_config import CVConfig
    from kfold.config.presets import STANDARD, Preset, with_overrides
    from kfold.runs.fold_table import FOLDS
    from kfold.runs.open_run import open_named_run
    from kfold.runs.run_config import refuse_changes
    from kfold.runs.start import start_run

    if not (folder / FOLDS).is_file():
        preset = with_overrides(Preset({}, STANDARD.folds), folds=options.folds)
        config = CVConfig(options.data or Path("data/raw"), preset)
        return start_run(config, read_competition(config.data), folder, console)
    opened = open_named_run(options.run, options.data)
    if options.folds is not None:
        before = opened.run.config
        refuse_changes(folder, before, replace(before, folds=options.folds))
    return opened


if __name__ == "__main__":
    run_command(main, FoldsOptions)
