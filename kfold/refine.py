"""Correct predictions by the errors that faces of such a shape have out-of-fold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Correct = Callable[[np.ndarray], np.ndarray]
"""Predicted keypoints (n, 15, 2) to corrected ones, in pixels."""


def fit_correction(predicted: np.ndarray, truth: np.ndarray) -> Correct:
    """Learn the errors of predictions as a smooth function of all 15 predicted keypoints.

    Augmentation moves, turns and scales faces so that networks take no notice of where a face
    stands. But images are cropped by a rule, and annotators treat a turned or a small face in ways
    of their own: where its keypoints are tells something of the labels, and that is put back here.
    Kernel ridge regression (Saunders, Gammerman and Vovk, 1998) with a kernel so wide that the
    function is nearly a plane.

    Args:
        predicted: float (n, 15, 2) in pixels, by networks that saw none of these faces, their mean
            error taken away.
        truth: float (n, 15, 2) in pixels, NaN where there is no label to fit; such points are
            taken to have no error.
    """
    labelled = np.isfinite(truth)
    rows = labelled.any(axis=(1, 2))
    if not rows.any():
        return lambda keypoints: keypoints
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # Both numbers lie in the middle of a wide valley of the out-of-fold score.
    model = make_pipeline(StandardScaler(), KernelRidge(alpha=1.0, kernel="rbf", gamma=0.003))
    errors = np.where(labelled, truth - predicted, 0.0)[rows]
    model.fit(_flat(predicted[rows]), _flat(errors))

    def correct(keypoints: np.ndarray) -> np.ndarray:
        if not len(keypoints):  # which scikit-learn refuses
            return keypoints
        return keypoints + model.predict(_flat(keypoints)).reshape(keypoints.shape)

    return correct


def _flat(keypoints: np.ndarray) -> np.ndarray:
    return keypoints.reshape(len(keypoints), -1)
