"""A run together with its data, folds and groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from data.corrections import Correction, apply_corrections, parse_corrections
from data.faces import Faces
from data.reader import Competition, read_competition
from data.system.errors import UserError
from kfold.config.cv_config import CORRECTIONS
from kfold.runs.fold_table import check_folds
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

    @cached_property
    def corrections(self) -> list[Correction]:
        """The corrections that the run is trained with, in the order of their lines.

        Raises:
            UserError: the run's corrections.csv cannot be read.
        """
        if not self.run.config.corrections:
            return []
        path = self.run.folder / CORRECTIONS
        return parse_corrections(path, self.data.train, self.data.checksum)

    @property
    def trained_faces(self) -> Faces:
        """The training faces with the labels that the run is trained on."""
        return apply_corrections(self.data.train, self.corrections)

    def corrected_keypoints(self) -> np.ndarray | None:
        """Labels to train on, float32 (N, 15, 2) in pixels; None for a run without corrections.

        Raises:
            UserError: the run's corrections.csv cannot be read.
        """
        return self.trained_faces.keypoints if self.run.config.corrections else None


def open_run(run: Run, data: Competition | None = None) -> OpenRun:
    """Read the data, folds and groups of a run.

    Args:
        run: with its folds assigned.
        data: the competition's files, if they are read already.

    Raises:
        UserError: the run has no folds or damaged ones, or was made with other data.
    """
    data = data or read_competition(Path(run.config.data))
    run = replace(run, test_faces=len(data.test))
    table = run.fold_table
    if data.checksum != run.config.checksum:
        raise UserError(
            f"{run.config.data}: expected the data that {run.folder} was made with, checksum "
            f"{run.config.checksum[:12]}, found other data, {data.checksum[:12]}. Pass "
            "DATA=<folder> with the same data, however it is packed."
        )
    check_folds(run.folder, table, data.train, run.config.folds)
    return OpenRun(run, data, table["fold"].to_numpy(), table["group"].to_numpy())


def open_named_run(name: str | None, data: Path | None = None) -> OpenRun:
    """Open an existing run.

    Args:
        name: of the run; None for the latest.
        data: folder with the competition's files; None for the one in the run's configuration.

    Raises:
        UserError: there is no such run, or it was made with other data.
    """
    return open_named_runs((name,), data)[0]


def open_named_runs(names: Sequence[str | None], data: Path | None = None) -> list[OpenRun]:
    """Open existing runs, each once, as `open_named_run` does; shared data are read once."""
    folders = [run_folder(name) if name else latest_run() for name in dict.fromkeys(names)]
    runs = [read_run(folder) for folder in folders]
    if data:
        runs = [replace(run, config=replace(run.config, data=str(data))) for run in runs]
    shared = {path: read_competition(Path(path)) for path in {run.config.data for run in runs}}
    return [open_run(run, shared[run.config.data]) for run in runs]
