"""A run together with its data, folds and groups."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from data.corrections import read_corrections
from data.files import UNPACKED
from data.reader import Competition, read_competition
from data.system.errors import UserError
from kfold.config.cv_config import CORRECTIONS
from kfold.runs.fold_table import FOLDS, read_folds
from kfold.runs.locate import latest_run, read_run, run_folder
from kfold.runs.run import Run


@dataclass(frozen=True)
class OpenRun:
    """A run with its data, folds and groups.

    Attributes:
        run: the folder and its configuration.
        data: the competition's files.
        folds: int64 (N,), the fold in which each training row is held out.
        groups: int64 (N,), equal for rows that must share a fold.
    """

    run: Run
    data: Competition
    folds: np.ndarray
    groups: np.ndarray

    def corrected_keypoints(self) -> np.ndarray | None:
        """Labels to train on, float32 (N, 15, 2) in pixels; None for a run without corrections.

        Raises:
            UserError: the run's corrections.csv cannot be read.
        """
        if not self.run.config.corrections:
            return None
        corrected, _ = read_corrections(self.run.folder / CORRECTIONS, self.data.train)
        return corrected.keypoints


def open_run(run: Run, data: Competition | None = None) -> OpenRun:
    """Read the data, folds and groups of a run.

    Args:
        run: with its folds assigned.
        data: the competition's files, if they are read already.

    Raises:
        UserError: the run has no folds, or was made with other data.
    """
    data = data or read_competition(Path(run.config.data))
    table = read_folds(run.folder)
    if table is None:
        raise UserError(f"{run.folder}: expected {FOLDS}, found none. Run `make cv` again.")
    if data.checksum != run.config.checksum:
        raise UserError(
            f"{run.config.data}: these are other files than {run.folder} was made with. "
            f"Pass DATA=<folder> with the same ones; {UNPACKED}."
        )
    return OpenRun(run, data, table["fold"].to_numpy(), table["group"].to_numpy())


def open_named_run(name: str | None, data: Path | None = None) -> OpenRun:
    """Open an existing run.

    Args:
        name: of the run; None for the latest.
        data: folder with the competition's files; None for the one in the run's configuration.

    Raises:
        UserError: there is no such run, or it was made with other data.
    """
    run = read_run(run_folder(name) if name else latest_run())
    if data:
        run = replace(run, config=replace(run.config, data=str(data)))
    return open_run(run)
