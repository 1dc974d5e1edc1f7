import gc
import json
from dataclasses import asdict, replace

import h5py
import numpy as np
import pytest

from data.competition import KEYPOINTS
from data.system.errors import UserError
from kfold.config.recipe import Recipe
from kfold.metrics.score import rmse
from kfold.runs.predictions import Predictions
from kfold.runs.task import TrainingSummary

from kfold.models import backend  # noqa: F401  isort: skip
from kfold.models.registry import build_model
from kfold.training.fit_fold import fit_fold
from kfold.training.trainer import DivergedError, StoppedError, Trainer, predict
from kfold.training.tta import TTA
from tests.kfold.custom.idea import code_file

NOSE = KEYPOINTS.index("nose_tip")


@pytest.fixture(scope="module")
def fitted(tiny, data, tmp_path_factory):
    """A finished training: its folder, its summary and the epochs that it reported."""
    folder, epochs = tmp_path_factory.mktemp("fit") / "fold", []
    summary = fit_fold(tiny, data, 1, 0, folder, lambda epoch, logs: epochs.append((epoch, logs)))
    return folder, summary, epochs


def test_files_agree_with_the_summary_and_the_reports(data, fitted):
    folder, summary, epochs = fitted
    assert json.loads((folder / "done.json").read_text()) == asdict(summary)
    assert TrainingSummary.read(folder) == summary
    assert summary.code == data.code
    stored = np.load(folder / "predictions.npz")
    np.testing.assert_array_equal(stored["rows"], np.flatnonzero(data.folds == 1))
    truth = data.train.keypoints[data.folds == 1]
    assert rmse(truth, stored["oof"].mean(axis=0)) == pytest.approx(summary.rmse, rel=1e-3)
    assert stored["test"].shape == (2, 5, 15, 2)
    history = json.loads((folder / "history.json").read_text())
    lengths = {"loss": 3, "rmse": 3, "capped_rmse": 3, "val_rmse": 2, "val_capped_rmse": 2}
    assert {name: len(history[name]) for name in lengths} == lengths
    assert history["val_epoch"] == [2, 3]
    assert [epoch for epoch, _ in epochs] == [1, 2, 3]
    assert history["loss"] == [logs["loss"] for _, logs in epochs]


def test_the_first_epochs_are_at_low_resolution_and_training_continues_from_them(fitted):
    _, _, epochs = fitted
    assert [logs["size"] for _, logs in epochs] == [64, 96, 96]
    losses = [logs["loss"] for _, logs in epochs]
    assert losses[2] < losses[0]


def test_a_training_leaves_no_graph_behind(tiny, data, tmp_path):
    """A process trains fold after fold: it must not grow."""

    def graphs():
        return {id(each) for each in gc.get_objects() if type(each).__name__ == "FuncGraph"}

    fit_fold(replace(tiny, epochs=1), data, 1, 0, tmp_path / "first")
    before = graphs()
    fit_fold(replace(tiny, epochs=1), data, 1, 0, tmp_path / "second")
    assert graphs() <= before


def test_weights_are_stored_without_the_optimizer(fitted):
    folder, summary, _ = fitted
    sizes = []
    with h5py.File(folder / "model.weights.h5") as file:
        file.visititems(lambda _, item: sizes.append(getattr(item, "size", 0)))
    random_states = 10  # of dropout
    assert summary.parameters <= sum(sizes) <= summary.parameters + random_states


def test_predictions_repeat_and_corrections_of_held_out_rows_do_not_change_them(
    tiny, data, fitted, tmp_path
):
    folder, summary, _ = fitted
    corrected = data.train.keypoints.copy()
    corrected[data.folds == 1] = np.nan
    again = fit_fold(tiny, replace(data, corrected=corrected), 1, 0, tmp_path)
    assert again.rmse == summary.rmse
    with (
        np.load(folder / "predictions.npz") as one,
        np.load(tmp_path / "predictions.npz") as two,
    ):
        np.testing.assert_array_equal(one["oof"], two["oof"])
        np.testing.assert_array_equal(one["test"], two["test"])


def test_corrected_labels_are_trained_on(tiny, data, fitted, tmp_path):
    *_, epochs = fitted
    losses = []

    def stop(epoch, logs):
        losses.append(logs["loss"])
        raise StoppedError

    corrected = data.train.keypoints.copy()
    corrected[data.folds == 2] += 20
    with pytest.raises(StoppedError):
        fit_fold(tiny, replace(data, corrected=corrected), 1, 0, tmp_path / "stopped", stop)
    assert len(losses) == 1
    assert losses[0] != epochs[0][1]["loss"]
    assert not (tmp_path / "stopped" / "done.json").exists()


def test_a_finished_training_is_left_alone(tiny, data, fitted):
    folder, summary, _ = fitted
    made = (folder / "predictions.npz").stat().st_mtime_ns
    assert fit_fold(tiny, data, 1, 0, folder) == summary
    assert (folder / "predictions.npz").stat().st_mtime_ns == made


@pytest.mark.parametrize("name", ["model.weights.h5", "done.json"])
def test_an_interrupted_or_damaged_training_is_replaced(tiny, data, tmp_path, name):
    (tmp_path / name).write_text("half")
    incomplete = replace(tiny, complete_rows_only=True)
    # The first third of the faces is the first annotator's, who alone labels all keypoints.
    second = replace(data, train=data.train[8:], folds=data.folds[8:])
    with pytest.raises(UserError, match="row with all 15"):
        fit_fold(incomplete, second, 1, 0, tmp_path)
    assert not (tmp_path / name).exists()


def test_a_loss_that_is_not_finite_ends_the_training_with_a_message(tiny, data, tmp_path):
    # Of all networks, this one is the fastest to trace.
    wild = Recipe("regression", epochs=2, learning_rate=1e30, architecture=tiny.architecture)
    with pytest.raises(DivergedError, match="lower the recipe's learning_rate"):
        fit_fold(wild, data, 0, 0, tmp_path / "wild")
    assert not (tmp_path / "wild" / "done.json").exists()


def test_predictions_that_are_not_finite_are_not_stored(tiny, data, tmp_path, monkeypatch):
    monkeypatch.setattr(Trainer, "run", lambda self, train: None)
    monkeypatch.setattr(
        "kfold.training.fit_fold.predict", lambda *_: np.full((2, 8, 15, 2), np.nan)
    )
    with pytest.raises(DivergedError, match="not finite"):
        fit_fold(tiny, data, 0, 0, tmp_path / "wild")
    assert not (tmp_path / "wild" / "predictions.npz").exists()


def test_random_numbers_of_a_users_file_do_not_change_the_first_training(tiny, data, tmp_path):
    text = (
        "import keras\nfrom kfold.custom import network\nkeras.utils.set_random_seed(1)\n"
        "@network\ndef plain(inputs):\n"
        "    return keras.layers.Conv2D(15, 4, 4)(inputs['image'])\n"
    )
    recipe = replace(tiny, network="plain", epochs=1, low_res_share=0.0, code=code_file(text))
    first, second = (fit_fold(recipe, data, 0, 0, tmp_path / name) for name in ("a", "b"))
    assert first.rmse == second.rmse


@pytest.mark.parametrize("network", ["heatmap", "regression"])
def test_an_annotator_without_labels_is_predicted_as_the_other(tiny, data, tmp_path, network):
    first = data.train[data.train.annotator == 1].without(np.arange(15)[None] == NOSE)
    train = replace(data.train, keypoints=np.full_like(data.train.keypoints, np.nan))
    train.keypoints[data.train.annotator == 1] = first.keypoints
    same = data.train[np.zeros(4, int)]  # one face, twice as either annotator's
    test = replace(same, annotator=np.array([1, 2, 1, 2], np.int8))
    recipe = replace(tiny, network=network, epochs=2, low_res_share=0.0)
    alone = replace(data, train=train, test=test)
    fit_fold(recipe, alone, 0, 0, tmp_path / "fold")
    predicted = Predictions.read(tmp_path / "fold").test
    np.testing.assert_allclose(predicted[:, 0], predicted[:, 1], atol=1e-4)
    np.testing.assert_array_equal(predicted[:, :, NOSE], 47.5)
    network = build_model(recipe)
    network.load_weights(tmp_path / "fold" / "model.weights.h5")
    again = np.delete(predict(network, test, TTA["flip"])[:, 1], NOSE, axis=1)
    np.testing.assert_allclose(again, np.delete(predicted[:, 1], NOSE, axis=1), atol=1e-3)
