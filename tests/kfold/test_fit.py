import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from kfold import backend  # noqa: F401  isort: skip
import keras

from augment.batches import network_inputs
from data.demo_faces import demo_faces
from data.errors import UserError
from data.faces import mirror_keypoints
from kfold.fit import fit_fold
from kfold.networks import build_model
from kfold.recipe import MODELS
from kfold.score import rmse
from kfold.shape import Shape
from kfold.training import DivergedError, Training, predict

TINY = replace(MODELS["heatmap"], epochs=2, batch_size=16, coarse=0.0, views="mirror")


@pytest.fixture(scope="module")
def faces():
    return demo_faces(36, np.random.SeedSequence(0), (0.0, 0.0))[0]


@pytest.fixture(scope="module")
def folds():
    return np.arange(36) % 3


@pytest.fixture(scope="module")
def fitted(faces, folds, tmp_path_factory):
    """A finished training: its folder, its summary and the epochs it told of."""
    folder, told = tmp_path_factory.mktemp("fit") / "fold", []
    summary = fit_fold(
        TINY, faces, faces[:5], folds, 1, 0, folder, lambda epoch, logs: told.append((epoch, logs))
    )
    return folder, summary, told


def test_files_say_what_the_summary_says(faces, folds, fitted):
    folder, summary, told = fitted
    assert json.loads((folder / "done.json").read_text()) == summary
    stored = np.load(folder / "predictions.npz")
    np.testing.assert_array_equal(stored["rows"], np.flatnonzero(folds == 1))
    truth = faces.keypoints[folds == 1]
    assert rmse(truth, stored["oof"].mean(axis=0)) == pytest.approx(summary["rmse"], rel=1e-3)
    assert stored["test"].shape == (2, 5, 15, 2)
    history = json.loads((folder / "history.json").read_text())
    lengths = {"loss": 2, "rmse": 2, "trusted_rmse": 2, "val_rmse": 1, "val_trusted_rmse": 1}
    assert {name: len(history[name]) for name in lengths} == lengths
    assert history["val_epoch"] == [2]
    assert [epoch for epoch, _ in told] == [1, 2]
    assert history["loss"] == [logs["loss"] for _, logs in told]
    assert [logs["size"] for _, logs in told] == [96, 96]


def test_weights_are_stored_without_the_optimizer(fitted):
    folder, summary, _ = fitted
    size = (folder / "model.weights.h5").stat().st_size
    assert size < 1.2 * 4 * summary["parameters"] + 2e5


def test_the_same_arguments_give_the_same_predictions(faces, folds, fitted, tmp_path):
    folder, summary, _ = fitted
    again = fit_fold(TINY, faces, faces[:5], folds, 1, 0, tmp_path)
    assert again["rmse"] == summary["rmse"]
    with (
        np.load(folder / "predictions.npz") as one,
        np.load(tmp_path / "predictions.npz") as two,
    ):
        np.testing.assert_array_equal(one["oof"], two["oof"])
        np.testing.assert_array_equal(one["test"], two["test"])


def test_corrected_labels_are_trained_on_but_not_scored_by(faces, folds, fitted, tmp_path):
    _, plain, _ = fitted
    corrected = faces.keypoints.copy()
    corrected[folds == 1] = np.nan
    kept = fit_fold(TINY, faces, faces[:5], folds, 1, 0, tmp_path / "kept", corrected=corrected)
    assert kept["rmse"] == plain["rmse"]
    corrected[folds == 2] += 20
    moved = fit_fold(TINY, faces, faces[:5], folds, 1, 0, tmp_path / "moved", corrected=corrected)
    assert moved["rmse"] != plain["rmse"]


def test_a_finished_training_is_left_alone_and_a_cut_off_one_is_not(faces, folds, fitted, tmp_path):
    folder, summary, _ = fitted
    made = (folder / "predictions.npz").stat().st_mtime_ns
    assert fit_fold(TINY, faces, faces[:5], folds, 1, 0, folder) == summary
    assert (folder / "predictions.npz").stat().st_mtime_ns == made
    cut = tmp_path / "cut"
    cut.mkdir()
    (cut / "model.weights.h5").write_text("half")
    incomplete = replace(TINY, complete_rows=True)
    with pytest.raises(UserError, match="row with all 15"):
        fit_fold(incomplete, faces[12:], faces[:5], folds[12:], 1, 0, cut)
    assert not (cut / "model.weights.h5").exists()


def test_a_loss_that_is_no_number_stops_with_a_message(faces, folds, tmp_path):
    wild = replace(TINY, optimizer="adam", learning_rate=1e30)
    with pytest.raises(DivergedError, match="lower the recipe's learning_rate"):
        fit_fold(wild, faces, faces[:5], folds, 0, 0, tmp_path / "wild")
    assert not (tmp_path / "wild" / "done.json").exists()


def test_predictions_that_are_no_numbers_are_not_kept(faces, folds, tmp_path, monkeypatch):
    monkeypatch.setattr("kfold.fit.predict", lambda *_: np.full((2, 12, 15, 2), np.nan))
    with pytest.raises(DivergedError, match="no number"):
        fit_fold(replace(TINY, epochs=1), faces, faces[:12], folds, 0, 0, tmp_path / "wild")
    assert not (tmp_path / "wild" / "predictions.npz").exists()


def test_batch_norm_sees_what_averaged_weights_make_of_faces(faces, folds, tmp_path, monkeypatch):
    """Faces look to it then as they do in training: each channel about 0 ± 1."""
    models, small = [], Shape(stem=8, widths=(8, 16, 16), decoder=8, dropout=0.0)
    keep = lambda recipe: models.append(build_model(recipe)) or models[-1]  # noqa: E731
    monkeypatch.setattr("kfold.fit.build_model", keep)
    # One step an epoch: all of the training faces are one batch, so its statistics are exact.
    averaged = replace(TINY, batch_size=24, policy="none", ema=0.98, shape=small, epochs=20)
    for settle in (Training._settle, lambda *_: None):
        monkeypatch.setattr(Training, "_settle", settle)
        fit_fold(averaged, faces, faces[:5], folds, 0, 0, tmp_path / f"{len(models)}")
    train = faces[folds != 0]
    inputs = network_inputs(train.images, train.annotator, np.zeros(24, bool))
    off = [np.abs(_normalized(model, inputs).mean(axis=(0, 1, 2))).max() for model in models]
    assert off[0] < 0.05 < off[1]


def _normalized(model, inputs):
    """What the last batch norm of a model makes of the inputs."""
    norm = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)][-1]
    seen = keras.Model(model.inputs, norm.output)(inputs, training=False)
    gamma, beta = (keras.ops.convert_to_numpy(weight) for weight in (norm.gamma, norm.beta))
    return (keras.ops.convert_to_numpy(seen) - beta) / gamma


def test_the_mirrored_view_is_in_its_own_place(faces):
    """A face and its mirror image get mirrored predictions, but for the annotators' offsets."""
    model = build_model(TINY)
    plain, mirrored = predict(model, faces[:4], "mirror")
    turned = replace(faces[:4], images=np.ascontiguousarray(faces.images[:4, :, ::-1]))
    other_plain, other_mirrored = predict(model, turned, "mirror")
    np.testing.assert_allclose(other_plain, mirror_keypoints(mirrored), atol=1e-3)
    np.testing.assert_allclose(other_mirrored, mirror_keypoints(plain), atol=1e-3)
    assert np.abs(plain - mirrored).max() > 0


def test_labels_far_from_what_was_learned_are_left_out_of_the_second_half(faces, folds, tmp_path):
    """After one epoch every prediction is near the middle, and so far from some label."""
    wary = replace(TINY, distrust=30.0, policy="none")
    summary = fit_fold(wary, faces, faces[:5], folds, 1, 0, tmp_path / "wary")
    labels = faces.labelled[folds != 1].sum()
    assert 0 < summary["distrusted"] < labels
    history = json.loads((tmp_path / "wary" / "history.json").read_text())
    assert len(history["loss"]) == 2
    assert history["loss"][1] < history["loss"][0]


def test_labels_are_judged_at_the_size_that_the_network_has_seen(
    faces, folds, tmp_path, monkeypatch
):
    shapes = []
    monkeypatch.setattr(
        "kfold.training.network_inputs",
        lambda images, *rest: shapes.append(images.shape) or network_inputs(images, *rest),
    )
    wary = replace(TINY, distrust=30.0, policy="none", coarse=0.5)
    assert fit_fold(wary, faces, faces[:5], folds, 1, 0, tmp_path / "wary")["distrusted"]
    trained = int((folds != 1).sum())
    assert {shape[1:] for shape in shapes if shape[0] == trained} == {(64, 64)}


def test_first_epochs_may_be_coarse(faces, folds, tmp_path):
    """What was learned on small images goes on on large ones."""
    steps = replace(TINY, epochs=3, coarse=0.7, policy="none")
    fit_fold(steps, faces, faces[:5], folds, 1, 0, tmp_path / "coarse")
    history = json.loads((tmp_path / "coarse" / "history.json").read_text())
    assert len(history["loss"]) == 3
    assert history["loss"][2] < history["loss"][0]


def test_a_face_looks_the_same_at_either_size(faces):
    """Networks on small images predict in pixels of the full size."""
    model = build_model(TINY)
    small = np.stack([cv2.resize(image, (64, 64)) for image in faces.images[:4]])
    inputs = network_inputs(small, faces.annotator[:4], np.zeros(4, bool))
    plain = predict(model, faces[:4])[0]
    np.testing.assert_allclose(model(inputs)["keypoints"], plain, atol=2)
