"""A finished run made of given predictions instead of trainings."""

import numpy as np

from data.atomic import write_json
from data.competition import KEYPOINTS
from data.faces import Faces
from data.lookup import Lookup
from data.reader import Competition
from kfold.predictions import Predictions
from kfold.recipe import Recipe
from kfold.run import Run, open_run, write_folds
from kfold.run_config import RunConfig

FOLDS = 3
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
    folder, data: Competition, noise: dict[str, list[float]], bias: float = 0.0
) -> tuple[Run, np.ndarray]:
    """Models whose out-of-fold error has the given standard deviation, one for each seed, in px.

    All of them see keypoint 3 too far right, by `bias` px.
    """
    recipes = {name: Recipe("base", epochs=2) for name in noise}
    seeds = max(map(len, noise.values()))
    run = open_run(folder, RunConfig("nowhere", data.checksum, FOLDS, seeds, recipes))
    folds = np.arange(len(data.train)) % FOLDS
    write_folds(run, data.train, np.arange(len(data.train)), folds)
    rng = np.random.default_rng(1)
    for name, sigmas in noise.items():
        for seed, sigma in enumerate(sigmas):
            for fold in range(FOLDS):
                _finish(run.fold_folder(name, seed, fold), data, folds == fold, sigma, bias, rng)
    return run, folds


def _finish(folder, data: Competition, held_out, sigma: float, bias: float, rng) -> None:
    folder.mkdir(parents=True)
    truth = np.nan_to_num(data.train.keypoints[held_out], nan=40)
    truth[:, 3, 0] += bias
    Predictions(
        rows=np.flatnonzero(held_out),
        oof=(truth + rng.normal(0, sigma, truth.shape))[None],
        test=40 + rng.normal(0, sigma, (1, *data.test.keypoints.shape)),
    ).write(folder)
    curves = {"loss": [9.0, 4.0], "rmse": [3.0, 2.0], "trusted_rmse": [2.9, 1.9]}
    held_out = {f"val_{name}": values for name, values in curves.items()}
    write_json(folder / "history.json", curves | held_out | {"val_epoch": [1, 2]})
    done = {"rmse": sigma, "epochs": 2, "seconds": 60.0, "images_per_second": 100.0}
    write_json(folder / "done.json", done | {"parameters": 1000, "axis_offset": OFFSETS})
