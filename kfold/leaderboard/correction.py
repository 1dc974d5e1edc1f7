"""Correct predictions by the errors that similar faces have out-of-fold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Correct = Callable[[np.ndarray], np.ndarray]
"""Predicted keypoints (n, 15, 2) to corrected ones, in pixels."""


def fit_correction(predicted: np.ndarray, truth: np.ndarray) -> Correct:
    """Fit prediction errors as a smooth function of all 15 predicted keypoints.

    Augmentation moves, rotates and scales faces, so networks ignore position and size. But images
    are cropped by a rule, and annotators have habits for rotated and small faces: the predicted
    keypoints carry information about label errors, which this function restores. It is a kernel
    ridge regression (Saunders, Gammerman and Vovk, 1998) with a kernel so wide that the function is
    nearly linear.

    Args:
        predicted: float (n, 15, 2) in pixels, by networks that were not trained on these faces,
            each keypoint's mean error removed.
        truth: float (n, 15, 2) in pixels, NaN where there is no label to fit; the error of such a
            keypoint counts as 0.

    Returns:
        The correction; the identity if there is no label to fit.
    """
    labelled = np.isfinite(truth)
    rows = labelled.any(axis=(1, 2))
    if not rows.any():
        return lambda keypoints: keypoints
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # The out-of-fold score is flat around these values of alpha and gamma.
    model = make_pipeline(StandardScaler(), KernelRidge(alpha=1.0, kernel="rbf", gamma=0.003))
    errors = np.where(labelled, truth - predicted, 0.0)[rows]
    model.fit(_flat(predicted[rows]), _flat(errors))

    def correct(keypoints: np.ndarray) -> np.ndarray:
        if not len(keypoints):  # scikit-learn refuses an empty array
            return keypoints
        return keypoints + model.predict(_flat(keypoints)).reshape(keypoints.shape)

    return correct


def _flat(keypoints: np.ndarray) -> np.ndarray:
    return keypoints.reshape(len(keypoints), -1)
