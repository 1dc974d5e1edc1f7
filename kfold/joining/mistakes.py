"""Mistakes that predictions from elsewhere often have, found by undoing each of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from data.competition import IMAGE_SIZE, MIRROR
from data.faces import mirror_keypoints
from data.system.errors import UserError
from kfold.joining.prediction_table import PredictionTable
from kfold.metrics.score import rmse

Undo = Callable[[np.ndarray], np.ndarray]
"""Predicted keypoints (n, 15, 2) as they would be without a mistake, in pixels."""

LEAKED = 0.1
"""RMSE in pixels below which predictions are the labels themselves."""

_GOOD = 2.0
"""RMSE in pixels below which nothing is mixed up."""

_BETTER = 0.95
"""Share of an error to which it falls by more than chance."""

_LIKE_96 = 4
"""Sizes so near to 96 are no other image size, but a bias of the model."""

_FAR = 1e6
"""Values beyond are no coordinates of any image, and their squares would overflow."""

_HALF = IMAGE_SIZE / 2


def check_predictions(
    oof: PredictionTable, test: PredictionTable, labels: np.ndarray, folds: np.ndarray
) -> None:
    """Refuse predictions that are much better once a common mistake is undone.

    Out-of-fold predictions are compared with the labels. The test set has none: the mean of its
    predictions is compared with that of the out-of-fold ones.

    Args:
        oof: of the N training rows.
        test: of the test set.
        labels: float32 (N, 15, 2) in pixels, NaN where there is none.
        folds: int64 (N,), the fold of each row.

    Raises:
        UserError: names the mistake and both errors; or the predictions are the labels.
    """
    predicted, tested = (np.clip(table.keypoints, -_FAR, _FAR) for table in (oof, test))
    error = rmse(labels, predicted)
    if error < LEAKED:
        raise UserError(
            f"{oof.path}: expected out-of-fold predictions, found an RMSE of {error:.3f} px over "
            "the labels: predicted by a model that was trained on these rows. Out-of-fold means by "
            "a model that did not see the row's fold in folds.csv."
        )
    # A keypoint without any label counts nowhere; 0 keeps numpy from warning of it.
    known = np.where(np.isfinite(labels).any(axis=0), labels, np.float32(0))
    mean, deviation = np.nanmean(known, axis=0), np.nanstd(known, axis=0)
    undone = _coordinates(labels, predicted, mean, deviation)
    _refuse(oof, "the labels", labels, predicted, undone)
    baseline = rmse(labels, np.broadcast_to(mean, labels.shape))
    _refuse(oof, "the labels", labels, predicted, _orders(folds), baseline)
    face, other = predicted.mean(axis=0, keepdims=True), tested.mean(axis=0, keepdims=True)
    undone = _coordinates(face, other, mean, deviation)
    _refuse(test, f"those of {oof.path.name} on average", face, other, undone)


def _refuse(
    table: PredictionTable,
    what: str,
    truth: np.ndarray,
    predicted: np.ndarray,
    undone: dict[str, Undo],
    baseline: float = np.inf,
) -> None:
    """Refuse predictions whose error falls below its half once a mistake is undone.

    Faces in another order are not much worse than the mean face, whose RMSE is `baseline`: it is
    enough that predictions which are no better than that become so.
    """
    error = _rmse(truth, predicted)
    errors = {mistake: _rmse(truth, undo(predicted)) for mistake, undo in undone.items()}
    mistake = min(errors, key=lambda name: errors[name])
    right = errors[mistake]
    limit = min(baseline, _BETTER * error) if error >= baseline else error / 2
    if error > _GOOD and right < limit:
        raise UserError(
            f"{table.path}: expected keypoints in pixels of the {IMAGE_SIZE} x {IMAGE_SIZE} image, "
            f"found some that are {error:.2f} px from {what} (RMSE), but {right:.2f} px if "
            f"{mistake}. Correct the file and join it again."
        )


def _rmse(truth: np.ndarray, predicted: np.ndarray) -> float:
    """RMSE within the image: a few values far outside would hide what the others are."""
    return rmse(truth, np.clip(predicted, 0, IMAGE_SIZE))


def _coordinates(
    truth: np.ndarray, predicted: np.ndarray, mean: np.ndarray, deviation: np.ndarray
) -> dict[str, Undo]:
    """Mistakes of scale and order of the coordinates, by what they are in words.

    Mean and standard deviation are those of the labels, (15, 2).
    """
    undone: dict[str, Undo] = {
        "they are from 0 to 1: multiply them by 96": lambda p: p * IMAGE_SIZE,
        "they are from -1 to 1, (x - 48) / 48: take 48 x + 48": lambda p: p * _HALF + _HALF,
        "they are from -0.5 to 0.5, x / 96 - 0.5: take 96 x + 48": lambda p: p * IMAGE_SIZE + _HALF,
        "they are standardized, column by column: undo it": lambda p: p * deviation + mean,
        "x and y are exchanged": lambda p: p[..., ::-1],
        "left and right are exchanged; they are the subject's": lambda p: p[:, MIRROR],
        "the 30 columns hold all x before all y": _pairs,
    }
    if size := _image_size(truth, predicted):
        words = f"they are of images of about {size} x {size}: multiply them by 96 / width"
        undone[words] = lambda p: p * (IMAGE_SIZE / size)
    return undone


def _pairs(predicted: np.ndarray) -> np.ndarray:
    """Lines of 15 x and then 15 y, read as 15 pairs."""
    return predicted.reshape(len(predicted), 2, -1).swapaxes(1, 2)


def _image_size(truth: np.ndarray, predicted: np.ndarray) -> int:
    """The size of images whose keypoints the predictions would fit best; 0 if it is near 96."""
    products = np.where(np.isfinite(truth), predicted * truth, 0.0).sum()
    squares = np.where(np.isfinite(truth), predicted**2, 0.0).sum()
    size = IMAGE_SIZE * squares / products if products > 0 else 0.0
    return round(size) if 2 <= size < _FAR and abs(size - IMAGE_SIZE) > _LIKE_96 else 0


def _orders(folds: np.ndarray) -> dict[str, Undo]:
    """Mistakes in the order of the rows or of the pixels, by what they are in words."""
    by_fold = np.argsort(np.argsort(folds, kind="stable"))
    return {
        "each line is that of the row before": lambda p: np.roll(p, -1, axis=0),
        "each line is that of the row after": lambda p: np.roll(p, 1, axis=0),
        "the rows are numbered fold after fold": lambda p: p[by_fold],
        "the images were mirrored": mirror_keypoints,
    }
