"""`make report`: the leaderboard of a run, as a table, a page and pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import UserError, run_command

if TYPE_CHECKING:
    import numpy as np
    from rich.console import Console

    from data.reader import Competition
    from kfold.run import Run


@dataclass(frozen=True)
class Options:
    """Write the leaderboard of a run again, with its page and pictures."""

    run: str | None = None
    """Name of the run; the latest by default."""
    data: Path | None = None
    """Where the competition's files are now, if they moved since the run was made."""


def main(options: Options) -> None:
    """Report on the run that `options` name."""
    from data.terminal import open_console
    from kfold.run import open_finished

    run, data, folds = open_finished(options.run, options.data)
    write_report(run, data, folds, open_console())


def write_report(run: Run, data: Competition, folds: np.ndarray, console: Console) -> None:
    """Write leaderboard.csv, .md and .html and the pictures into the run's folder, print the table.

    Args:
        run: the run; at least one model of it is finished.
        data: the competition's faces.
        folds: int (N,), the fold of every training row.
        console: where the table is printed.
    """
    from kfold.figures import draw_extreme_faces, draw_loss_curves
    from kfold.leaderboard import make_leaderboard
    from kfold.page import write_page
    from kfold.tables import print_leaderboard, write_leaderboard

    lines = make_leaderboard(run, data, folds)
    models = [line for line in lines if line.entry.kind == "model"]
    if not models:
        raise UserError(f"{run.folder}: no model is finished on all folds. Run `make cv` again.")
    write_leaderboard(run, lines)
    figures = [draw_extreme_faces(run, line.entry, data.train) for line in models]
    figures.append(draw_loss_curves(run, [line.entry.name for line in models]))
    page = write_page(run, lines, figures)
    print_leaderboard(console, run, lines)
    console.print(f"The same with pictures: {page}")


if __name__ == "__main__":
    run_command(main, Options)
