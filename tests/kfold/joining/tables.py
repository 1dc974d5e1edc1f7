"""Folders of predictions as another program writes them, right or with a mistake."""

from pathlib import Path

import numpy as np
import pandas as pd

from data.competition import COORDINATES
from data.reader import Competition
from kfold.joining.record import join_predictions
from kfold.runs.open_run import OpenRun
from tests.kfold.finished_run import random_competition

FOLDS = np.arange(60) % 3


def face_competition() -> Competition:
    """60 training and 12 test rows of noise, each labelled as a face that moves in its frame."""
    data = random_competition()
    rng = np.random.default_rng(3)
    face = rng.uniform([15, 30], [80, 85], (15, 2))
    moved = face + rng.normal(0, 5, (len(data.train), 1, 2)) + rng.normal(0, 1, (60, 15, 2))
    labelled = np.isfinite(data.train.keypoints)
    data.train.keypoints[:] = np.where(labelled, moved, np.nan)
    return data


def good_predictions(data: Competition, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Keypoints (N, 15, 2) and (M, 15, 2) that err by normal noise, in pixels."""
    rng = np.random.default_rng(4)
    labels = data.train.keypoints.astype(float)
    oof = np.where(np.isfinite(labels), labels, np.nanmean(labels, axis=0))
    oof = oof + rng.normal(0, noise, oof.shape)
    tested = oof.mean(axis=0) + rng.normal(0, 5, (len(data.test), 1, 2))
    return oof, np.broadcast_to(tested, data.test.keypoints.shape)


def write_predictions(folder: Path, data: Competition, oof: np.ndarray, test: np.ndarray) -> Path:
    """Write oof.csv and test.csv with an index column, as `to_csv` does by itself."""
    folder.mkdir(exist_ok=True)
    frame(oof).assign(row=data.train.ids).to_csv(folder / "oof.csv")
    frame(test).assign(ImageId=data.test.ids).to_csv(folder / "test.csv")
    return folder


def joined_run(opened: OpenRun, name: str, noise: float, force: bool = False) -> OpenRun:
    """The run with good predictions joined, which err by normal noise."""
    source = opened.run.folder.with_name(f"{name} from elsewhere")
    write_predictions(source, opened.data, *good_predictions(opened.data, noise))
    return join_predictions(opened, source, name, force)[0]


def frame(keypoints: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(keypoints.reshape(len(keypoints), -1), columns=list(COORDINATES))


def files(opened: OpenRun) -> dict[Path, bytes]:
    """Every file of a run, with its content."""
    paths = (path for path in opened.run.folder.rglob("*") if path.is_file())
    return {path.relative_to(opened.run.folder): path.read_bytes() for path in paths}
