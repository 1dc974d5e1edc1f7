"""Join predictions that were made elsewhere to a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from data.competition import TEST_FILE, TEST_HEADER
from data.system.errors import UserError
from kfold.config.names import check_model_names
from kfold.joining.mistakes import check_predictions
from kfold.joining.prediction_table import read_predictions
from kfold.runs.fold_table import COLUMNS
from kfold.runs.joined import Joined, joined_file, joined_files
from kfold.runs.open_run import OpenRun, open_run
from kfold.runs.run import Run
from kfold.runs.run_config import JOURNAL
from kfold.runs.start import configure_run

OOF_FILE = "oof.csv"


def join_predictions(
    opened: OpenRun, source: Path, name: str, force: bool = False
) -> tuple[OpenRun, bool]:
    """Make predictions that were made elsewhere a line of a run.

    The caller locks the run's folder against other commands.

    Args:
        opened: the run.
        source: folder with oof.csv (`row` and the 30 coordinates) and test.csv (`ImageId` and
            these), in pixels.
        name: of the line.
        force: replace other predictions of this name.

    Returns:
        The run with the predictions, and whether they are new.

    Raises:
        UserError: the name is taken or no plain one, a file is missing or wrong, other predictions
            have this name, or the run is a search.
    """
    run = opened.run
    check_model_names(run.config.models, "NAME", [*run.config.joined, name])
    if (run.folder / JOURNAL).exists():
        raise UserError(
            f"{run.folder}: expected a run of `make cv` or `make folds`, found a search, to which "
            "nothing is joined. Pass another RUN=<name>."
        )
    joined = read_joined(opened, source)
    before = run.joined.get(name)
    if before and before.checksum == joined.checksum:
        return opened, False
    if before and not force:
        raise UserError(
            f"{run.folder}: other predictions are joined as {name!r} already. Pass another NAME=, "
            "or FORCE=1 to replace them."
        )
    return open_run(_record(run, name, joined), opened.data), True


def read_joined(opened: OpenRun, source: Path) -> Joined:
    """Read and check oof.csv and test.csv.

    Raises:
        UserError: a file is missing, incomplete, or holds implausible predictions.
    """
    train, test = opened.data.train, opened.data.test
    oof = read_predictions(source / OOF_FILE, COLUMNS[0], train.ids)
    tested = read_predictions(source / TEST_FILE, TEST_HEADER[0], test.ids)
    check_predictions(oof, tested, train.keypoints, opened.folds)
    return Joined(oof.clipped(), tested.clipped(), opened.folds)


def _record(run: Run, name: str, joined: Joined) -> Run:
    """Write the file, then the configuration that names it, then remove files without a name."""
    joined.write(run.folder, name)
    recorded = configure_run(run.folder, replace(run.config, joined={name: joined.checksum}))
    for path in joined_files(run.folder) - {
        joined_file(run.folder, *each) for each in recorded.config.joined.items()
    }:
        path.unlink()
    return recorded
