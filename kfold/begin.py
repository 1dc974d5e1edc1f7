"""Begin a run, or take it up: its configuration, what its labels are corrected by, its folds."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console

from data.atomic import write_text
from data.corrections import read_corrections
from data.faces import Faces
from kfold.folds import deal_groups
from kfold.groups import person_groups
from kfold.run import Run, open_run, read_folds, write_folds
from kfold.run_config import CORRECTIONS, RunConfig


def begin_run(
    folder: Path,
    config: RunConfig,
    corrections: Path | None,
    faces: Faces,
    console: Console,
    force: bool = False,
) -> tuple[Run, np.ndarray]:
    """Open the run in `folder`, with a copy of the corrections that it is trained on.

    Args:
        folder: of the run, there or not.
        config: what is asked for; its `corrections` are filled in.
        corrections: labels to drop or to change in training; None for none.
        faces: all N training faces.
        console: where it is said what was read and dealt.
        force: forget what was trained of the models asked for.

    Returns:
        The run, and the fold of every training row, int64 (N,).

    Raises:
        UserError: the run there was made otherwise, the corrections are of other faces, or the
            faces do not allow so many folds.
    """
    if corrections is None:
        run = open_run(folder, config, force)
    else:
        _, applied = read_corrections(corrections, faces)
        text = corrections.read_bytes()
        config = replace(config, corrections=hashlib.sha256(text).hexdigest())
        run = open_run(folder, config, force)
        write_text(run.folder / CORRECTIONS, text.decode())
        console.print(f"{corrections}: {applied} corrections, for training only")
    return run, deal_folds(run, faces, console)


def deal_folds(run: Run, faces: Faces, console: Console) -> np.ndarray:
    """The fold of every training row, int64 (N,): dealt once, then read from the run.

    Raises:
        UserError: the faces do not allow so many folds.
    """
    folds = read_folds(run)
    if folds is None:
        groups = person_groups(faces)
        folds = deal_groups(groups.labels, faces.annotator, run.config.folds)
        write_folds(run, faces, groups.labels, folds)
        console.print(f"{groups} faces; no group crosses folds")
    return folds
