"""Correct predictions by the errors that similar faces have out-of-fold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Correct = Callable[[np.ndarray], np.ndarray]
"""Predicted keypoints (n, 15, 2) to corrected ones, in pixels."""

GAMMA, ALPHA = 0.003, 1.0
"""Of the kernel and of the ridge; the out-of-fold score is flat around these values."""


def fit_correction(predicted: np.ndarray, truth: np.ndarray) -> Correct:
    """Fit prediction errors as a smooth function of all 15 predicted keypoints.

    Augmentation moves, rotates and scales faces, so networks ignore position and size. But images
    are cropped by a rule, and annotators have habits for rotated and small faces: the predicted
    keypoints carry information about label errors, which this function restores. It is a kernel
    ridge regression (Saunders, Gammerman and Vovk, 1998) with a Gaussian kernel so wide that its
    Taylor features describe it.

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
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    features, ridge = FunctionTransformer(taylor_features), Ridge(ALPHA, fit_intercept=False)
    model = make_pipeline(StandardScaler(), features, ridge)
    errors = np.where(labelled, truth - predicted, 0.0)[rows]
    model.fit(_flat(predicted[rows]), _flat(errors))

    def correct(keypoints: np.ndarray) -> np.ndarray:
        if not len(keypoints):  # scikit-learn refuses an empty array
            return keypoints
        return keypoints + model.predict(_flat(keypoints)).reshape(keypoints.shape)

    return correct


def taylor_features(x: np.ndarray) -> np.ndarray:
    """Features (n, F) whose products are nearly exp(-GAMMA |x - y|^2) for x, y of (n, d).

    They are the terms to second order of its Taylor series (Cotter, Keshet and Srebro, 2011,
    "Explicit Approximations of the Gaussian Kernel"). A ridge regression on them takes a hundredth
    of the time and memory of one on the kernel of thousands of faces.
    """
    from scipy.special import factorial
    from sklearn.preprocessing import PolynomialFeatures

    terms = PolynomialFeatures(degree=2)
    products, powers = terms.fit_transform(x), terms.powers_
    weights = np.sqrt((2 * GAMMA) ** powers.sum(axis=1) / factorial(powers).prod(axis=1))
    decay = np.exp(-GAMMA * (x**2).sum(axis=1, keepdims=True))
    return products * decay * weights.astype(x.dtype)


def _flat(keypoints: np.ndarray) -> np.ndarray:
    return keypoints.reshape(len(keypoints), -1)
