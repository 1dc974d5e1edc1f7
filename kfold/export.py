"""`make export`: a run's best network as files that need nothing of this project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data.system.command import run_command

MAX_DIFFERENCE = 0.01
"""Largest difference in pixels between a file's predictions and the network's."""

_COMPARED_FACES = 256


@dataclass(frozen=True)
class ExportOptions:
    """Write a network of a run's best model as a .keras and a .tflite file, and check both."""

    run: str | None = None
    """Name of the run; the latest by default."""
    data: Path | None = None
    """Folder with the competition's files, if they moved since the run was made."""
    out: Path | None = None
    """Folder for the files; the run's `exported` by default."""


def main(options: ExportOptions) -> None:
    """Export the best network of a run.

    Raises:
        UserError: no model is finished, or a file does not predict as the network does.
    """
    from data.system.terminal import open_console
    from kfold.runs.open_run import open_named_run
    from kfold.runs.versions import backend

    opened = open_named_run(options.run, options.data)
    backend()  # refuses one that is not installed
    # Slow to import: not before a wrong name is refused.
    from kfold.inference.best_seed import best_seed
    from kfold.inference.keras_export import export_network, foreign_parts
    from kfold.inference.predictor import load_network
    from kfold.leaderboard.leaderboard import make_leaderboard

    console = open_console()
    best = best_seed(make_leaderboard([opened]))
    console.print(
        f"{opened.run.folder}: {best.model} seed {best.seed}, capped out-of-fold RMSE "
        f"{best.rmse:.3f} px without test-time augmentation; exporting its first fold's network"
    )
    network = load_network(opened.run, best.model, best.seed, fold=0)
    if foreign := foreign_parts(network):
        console.print(
            f"No .keras file: unlike a .tflite file, it could not be loaded without your "
            f"{', '.join(foreign)}."
        )
    train = opened.data.train
    images = train.images[:: max(1, len(train) // _COMPARED_FACES)][:_COMPARED_FACES]
    out = options.out or opened.run.folder / "exported"
    for path, difference in export_network(network, images, out, MAX_DIFFERENCE).items():
        console.print(
            f"{path}: {path.stat().st_size / 2**20:.1f} MB, at most {difference:.2g} px from the "
            f"network on {len(images)} training images"
        )


if __name__ == "__main__":
    run_command(main, ExportOptions)
