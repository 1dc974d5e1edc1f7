"""A finished run made of given predictions instead of trainings."""

from pathlib import Path

import h5py
import numpy as np

from data.competition import KEYPOINTS
from data.faces import Faces
from data.lookup import Lookup
from data.reader import Competition
from data.system.atomic import write_json
from kfold.config.recipe import Recipe
from kfold.runs.fold_table import write_folds
from kfold.runs.open_run import OpenRun, open_run
from kfold.runs.predictions import Predictions
from kfold.runs.run_config import RunConfig
from kfold.runs.start import configure_run
from kfold.runs.task import TrainingSummary
from kfold.runs.training_files import HISTORY, WEIGHTS

FOLDS = 3
CODE = "0.1.0+1a2b3c4, sources 5f3a9c21"
OFFSETS = [[0.5] * 15, [1.25] * 15]


def random_competition(train: int = 60, test: int = 12) -> Competition:
    """Noise for images, labels with gaps, two annotators in both sets."""
    rng = np.random.default_rng(0)

    def faces(n: int) -> Faces:
        keypoints = rng.uniform(10, 85, (n, len(KEYPOINTS), 2)).astype(np.float32)
        keypoints[n // 2 :, 4:] = np.nan
        annotator = np.repeat([1, 2], [n // 2, n - n // 2]).astype(np.int8)
        images = rng.integers(0, 256, (n, 96, 96)).astype(np.uint8)
        return Faces(images, keypoints, np.arange(n), annotator)

    rows, coordinates = np.divmod(np.arange(test * 30), 30)
    lookup = Lookup(np.arange(1, test * 30 + 1), rows, coordinates)
    return Competition(faces(train), faces(test), lookup, "0" * 64)


def finished_run(
    folder: Path, data: Competition, noise: dict[str, list[float]], bias: float = 0.0
) -> OpenRun:
    """A run whose models err by normal noise.

    Args:
        folder: of the run.
        data: what it seems to have been trained on.
        noise: for each model, the standard deviation of each seed's error, in pixels.
        bias: error of every prediction of keypoint 3 along x, in pixels.
    """
    recipes = {name: Recipe("base", epochs=2) for name in noise}
    seeds = max(map(len, noise.values()), default=1)
    run = configure_run(folder, RunConfig("nowhere", data.checksum, FOLDS, seeds, recipes))
    rows = np.arange(len(data.train))
    folds = rows % FOLDS
    write_folds(folder, data.train, groups=rows, folds=folds)
    rng = np.random.default_rng(1)
    for name, sigmas in noise.items():
        for seed, sigma in enumerate(sigmas):
            for fold in range(FOLDS):
                training = run.fold_folder(name, seed, fold)
                finish_training(training, data, np.flatnonzero(folds == fold), sigma, bias, rng)
    return open_run(run, data)


def finish_training(
    folder: Path,
    data: Competition,
    held_out: np.ndarray,
    sigma: float,
    bias: float,
    rng: np.random.Generator,
) -> None:
    """Write what a training leaves that errs by normal noise."""
    truth = np.nan_to_num(data.train.keypoints[held_out], nan=40)
    truth[:, 3, 0] += bias
    predictions = Predictions(
        rows=held_out,
        oof=(truth + rng.normal(0, sigma, truth.shape))[None],
        test=40 + rng.normal(0, sigma, (1, *data.test.keypoints.shape)),
    )
    summary = TrainingSummary(
        rmse=sigma,
        epochs=2,
        seconds=60.0,
        images_per_second=100.0,
        parameters=1000,
        axis_offset=OFFSETS,
        code=CODE,
    )
    write_training(folder, predictions, summary)


def write_training(folder: Path, predictions: Predictions, summary: TrainingSummary) -> None:
    """Write the files of a training of two epochs, with weights of no network."""
    folder.mkdir(parents=True)
    predictions.write(folder)
    curves = {"loss": [9.0, 4.0], "rmse": [3.0, 2.0], "capped_rmse": [2.9, 1.9]}
    validation = {f"val_{name}": values for name, values in curves.items()}
    write_json(folder / HISTORY, curves | validation | {"val_epoch": [1, 2]})
    h5py.File(folder / WEIGHTS, "w").close()
    summary.write(folder)
