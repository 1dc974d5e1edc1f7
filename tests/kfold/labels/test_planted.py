"""A short training finds wrong labels although it is trained on wrong ones, too."""

from dataclasses import replace

import numpy as np
import pytest

from data.rendering.demo_faces import demo_faces
from kfold.config.architecture import Architecture
from kfold.config.presets import DEMO
from kfold.labels.suspects import rank_suspects
from kfold.runs.predictions import Predictions
from kfold.training.fit_fold import fit_fold
from kfold.training.training_data import TrainingData

COUNT, WRONG_SHARE = 400, 0.05

# Small networks without batch norm compile fastest; map loss and small batches learn fastest.
RECIPE = replace(
    DEMO.models["heatmap"],
    epochs=8,
    policy="flip",
    batch_size=8,
    learning_rate=9e-3,
    heatmap_weight=1.0,
    precision="float32",
    tta="none",
    architecture=Architecture(
        stem_width=16,
        stage_widths=(24, 32, 48),
        stage_blocks=(1, 1, 1),
        decoder_width=32,
        dropout=0.0,
        batch_norm=False,
    ),
)


@pytest.fixture(scope="module")
def rendered():
    """Faces, which of them are wrong, and a fold of each; copies share a fold."""
    faces, flaws = demo_faces(COUNT, np.random.SeedSequence(3), (0.0, 0.0), WRONG_SHARE)
    return faces, flaws.wrong, flaws.source % 2


def share_found(faces, wrong, predicted):
    """Share of the wrong rows that are among the first twice as many suspects."""
    rows = set(np.flatnonzero(wrong).tolist())
    first = rank_suspects(faces, predicted)[: 2 * len(rows)]
    return len(rows & {suspect.row for suspect in first}) / len(rows)


def test_nine_in_ten_wrong_rows_are_among_the_first_twice_as_many(rendered, tmp_path):
    faces, wrong, folds = rendered
    fit_fold(RECIPE, TrainingData(faces, faces[:1], folds), fold=0, seed=0, folder=tmp_path / "0")
    predictions = Predictions.read(tmp_path / "0")
    rows = predictions.rows
    assert wrong[rows].sum() >= 10
    assert wrong[folds == 1].sum() >= 5
    assert share_found(faces[rows], wrong[rows], predictions.oof.mean(axis=0)) >= 0.9


def test_a_network_that_learned_nothing_finds_too_few(rendered):
    faces, wrong, folds = rendered
    rows = folds == 0
    mean_face = np.nanmean(faces.keypoints[~rows], axis=0)
    predicted = np.broadcast_to(mean_face, faces.keypoints[rows].shape)
    assert share_found(faces[rows], wrong[rows], predicted) < 0.9
