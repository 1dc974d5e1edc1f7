"""`make export`: a run's best network as files that need nothing of this project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import run_command

if TYPE_CHECKING:
    from data.faces import Faces
    from kfold.leaderboard import Line
    from kfold.run import Run

AGREEMENT = 0.01
"""How far apart in pixels the files' predictions and the network's may be."""

_FACES = 256  # training images that the files are compared on


@dataclass(frozen=True)
class Options:
    """Write a network of a run's best model as a .keras and a .tflite file, and check both."""

    run: str | None = None
    """Name of the run; the latest by default."""
    data: Path | None = None
    """Where the competition's files are now, if they moved since the run was made."""
    out: Path | None = None
    """Folder for the files; the run's `exported` by default."""


@dataclass(frozen=True)
class Candidate:
    """One seed of a model and its trusted out-of-fold RMSE in px, without views."""

    model: str
    seed: int
    rmse: float


def main(options: Options) -> None:
    """Export the network that `options` mean.

    Raises:
        UserError: there is no network, or a file does not predict as the network does.
    """
    from data.terminal import open_console
    from kfold.run import open_finished

    run, data, folds = open_finished(options.run, options.data)
    from kfold.leaderboard import make_leaderboard  # slow to import: not before a wrong name
    from kfold.predictor import load_network

    console = open_console()
    best = choose(run, make_leaderboard(run, data, folds), data.train)
    console.print(
        f"{run.folder}: {best.model} seed {best.seed}, trusted out-of-fold RMSE {best.rmse:.3f} px "
        "without test-time views; its first fold's network"
    )
    from kfold.standalone import export

    network = load_network(run, best.model, best.seed, fold=0)
    images = data.train.images[:: max(1, len(data.train) // _FACES)][:_FACES]
    out = options.out or run.folder / "exported"
    for path, largest in export(network, images, out, AGREEMENT).items():
        console.print(
            f"{path}: {path.stat().st_size / 2**20:.1f} MB, at most {largest:.2g} px from the "
            f"network on {len(images)} training images"
        )


def choose(run: Run, lines: list[Line], train: Faces) -> Candidate:
    """The model and seed with the lowest trusted RMSE.

    Of its folds none is known to be better: each was scored on faces of its own.

    Args:
        run: finished.
        lines: of its leaderboard, whose best says which labels are trusted.
        train: all training faces.

    Raises:
        UserError: no model is finished.
    """
    import numpy as np

    from kfold.leaderboard import best_trained
    from kfold.predictions import Predictions
    from kfold.score import rmse, trusted_faces

    best_trained(lines)  # refuses a run without networks
    truth = trusted_faces(train, (line.entry.oof for line in lines)).keypoints
    candidates = []
    for model in run.config.models:
        for seed in run.finished_seeds(model):
            oof = np.empty_like(truth)
            for fold in range(run.config.folds):
                predictions = Predictions.read(run.fold_folder(model, seed, fold))
                oof[predictions.rows] = predictions.oof[0]
            candidates.append(Candidate(model, seed, rmse(truth, oof)))
    return min(candidates, key=lambda candidate: candidate.rmse)


if __name__ == "__main__":
    run_command(main, Options)
