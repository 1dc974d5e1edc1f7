"""Pictures of a run: how it learned, and where it is right and wrong."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")  # before pyplot: there may be no screen
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter

from data.atomic import replacing
from data.faces import Faces
from kfold.entries import Entry
from kfold.run import Run
from kfold.score import squared_errors

TRUTH, PREDICTION = "#1b9e77", "#d95f02"
FACES_SHOWN = 6


def draw_loss_curves(run: Run, models: Sequence[str]) -> Path:
    """Draw `loss_curves.png`: RMSE in pixels by epoch, training and held out, a panel a model."""
    figure, axes = plt.subplots(
        1, len(models), figsize=(4.5 * len(models), 3.4), squeeze=False, layout="constrained"
    )
    for panel, model in zip(axes[0], models, strict=True):
        for seed in run.finished_seeds(model):
            for fold in range(run.config.folds):
                history = run.fold_folder(model, seed, fold) / "history.json"
                _draw_history(panel, json.loads(history.read_text()))
        panel.set(title=model, xlabel="epoch", yscale="log")
        panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        panel.yaxis.set_major_formatter("{x:g}")
        panel.yaxis.set_minor_formatter(NullFormatter())
        panel.xaxis.get_major_locator().set_params(integer=True)
        panel.grid(alpha=0.3, which="both")
    axes[0, 0].set_ylabel("RMSE, px")
    axes[0, 0].plot([], color=TRUTH, label="training (augmented)")
    axes[0, 0].plot([], color=PREDICTION, label="held out")
    axes[0, 0].legend(frameon=False)
    return _save(figure, run.folder / "loss_curves.png")


def draw_extreme_faces(run: Run, entry: Entry, faces: Faces) -> Path:
    """Draw `faces_<name>.png`: the worst and the best out-of-fold predictions of an entry.

    Faces are ranked by the root of the mean squared error over their own labels.
    """
    errors = squared_errors(faces.keypoints, entry.oof)
    labels = np.isfinite(errors).sum(axis=(1, 2))
    each = np.sqrt(np.nansum(errors, axis=(1, 2)) / np.maximum(labels, 1))
    order = np.argsort(np.where(labels > 0, each, np.nan))[: np.count_nonzero(labels)]
    figure, axes = plt.subplots(
        2, FACES_SHOWN, figsize=(1.9 * FACES_SHOWN, 4.7), squeeze=False, layout="constrained"
    )
    for row, (word, chosen) in enumerate({"worst": order[::-1], "best": order}.items()):
        for panel in axes[row]:
            panel.axis("off")
        for panel, i in zip(axes[row], chosen, strict=False):
            _draw_face(panel, faces.images[i], faces.keypoints[i], entry.oof[i])
            panel.set_title(f"{word}: row {faces.ids[i]}\n{each[i]:.2f} px", fontsize=9)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    figure.suptitle(f"{entry.name}, out-of-fold")
    return _save(figure, run.folder / f"faces_{entry.name}.png")


def _draw_history(panel: Axes, history: dict[str, list[float]]) -> None:
    epochs = range(1, len(history["rmse"]) + 1)
    panel.plot(epochs, history["rmse"], color=TRUTH, linewidth=1, alpha=0.7)
    panel.plot(history["val_epoch"], history["val_rmse"], marker=".", color=PREDICTION, alpha=0.7)


def _draw_face(panel: Axes, image: np.ndarray, truth: np.ndarray, prediction: np.ndarray) -> None:
    panel.imshow(image, cmap="gray", vmin=0, vmax=255)
    labelled = np.isfinite(truth).all(axis=1)
    ends = np.stack([truth[labelled], prediction[labelled]], axis=1)
    for (x0, y0), (x1, y1) in ends:
        panel.plot([x0, x1], [y0, y1], color="white", linewidth=0.8)
    x, y = prediction[labelled].T
    panel.scatter(x, y, s=14, color=PREDICTION, marker="x", label="predicted")
    x, y = truth[labelled].T
    panel.scatter(x, y, s=14, facecolors="none", edgecolors=TRUTH, label="label")


def _save(figure: plt.Figure, path: Path) -> Path:
    with replacing(path) as beside:
        figure.savefig(beside, dpi=120)
    plt.close(figure)
    return path
