"""Groups of rows that probably show the same person, so that folds keep them together.

A network that has seen a person in training places that person's keypoints too well: people who
cross folds make the validation score too good. The data do not say who is who. Photographs are
grouped first; then the labels align eyes and mouth, oriented gradients (as in HOG and DAISY)
describe the face, and principal components whiten the descriptors. For two different people, the
cosine of their descriptors times the square root of the number of components is nearly a standard
normal z. Average linkage joins faces while their mean z is high; unlike single linkage it does not
chain.
"""

from __future__ import annotations

import cv2
import numpy as np

from data.competition import EYES, LIPS
from data.faces import Faces
from kfold.folds.photo_groups import Groups, one_thread, photo_groups

ANCHORS = np.array([[68, 36], [28, 36], [48, 78]], np.float32)
"""Where alignment puts the left eye, the right eye and the mouth, (x, y) in pixels."""

CELLS, DIRECTIONS = 8, 8
CONTRAST_FLOOR = 0.3
"""Gray values per pixel; keeps noise in flat regions small."""

COMPONENTS, FACES_PER_COMPONENT = 200, 4
PERSON_Z = 2.5
"""Mean z at which average linkage stops. Too low only makes groups larger; too high lets people
cross folds. On portraits and video frames, four in five of the pairs that a step down to 2 adds
show different people."""

MIN_PHOTOS = 8 * FACES_PER_COMPONENT
"""With fewer photographs there are too few components for z to mean anything."""


@one_thread
def person_groups(faces: Faces) -> Groups:
    """Group N rows by person; the same photograph is always the same group.

    Groups are rather too large than too small: some hold several people who look alike, few people
    are split. A face is compared unaligned if fewer than two of left eye, right eye and mouth are
    labelled. Fewer than `MIN_PHOTOS` photographs are grouped by photograph only.
    """
    from sklearn.cluster import AgglomerativeClustering

    photos = photo_groups(faces.images)
    _, first = np.unique(photos.labels, return_index=True)
    if len(first) < MIN_PHOTOS:
        return photos
    components = min(COMPONENTS, len(first) // FACES_PER_COMPONENT)
    # The squared distance of unit vectors is 2 (1 - cosine).
    clusters = AgglomerativeClustering(
        n_clusters=None,
        metric="sqeuclidean",
        linkage="average",
        distance_threshold=2 * (1 - PERSON_Z / components**0.5),
    ).fit_predict(_whitened(faces[first], components))
    return Groups(clusters[photos.labels].astype(np.int64), photos.identical, photos.similar)


def anchors(keypoints: np.ndarray) -> np.ndarray:
    """Left eye, right eye and middle of the mouth, (N, 3, 2) in pixels; NaN where unknown.

    The second annotator's lower lip already is the middle of the mouth.
    """
    eyes, lips = keypoints[:, EYES], keypoints[:, LIPS]
    known = (~np.isnan(lips)).sum(axis=1)
    mouth = np.nansum(lips, axis=1) / np.where(known, known, np.nan)
    return np.concatenate([eyes, mouth[:, None]], axis=1)


def _whitened(faces: Faces, components: int) -> np.ndarray:
    """Unit vectors (N, components) whose cosine measures how similar two faces are."""
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import normalize

    pairs = zip(faces.images, anchors(faces.keypoints), strict=True)
    aligned = (_align(image, points) for image, points in pairs)
    descriptors = np.stack([_descriptor(image) for image in aligned], dtype=np.float64)
    pca = PCA(components, whiten=True, svd_solver="covariance_eigh")
    return normalize(pca.fit_transform(descriptors))


def _align(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Rotate, scale and shift points (3, 2) of an image onto ANCHORS by least squares."""
    known = ~np.isnan(points).any(axis=1)
    if known.sum() < 2:
        return image
    # A similarity is z -> a z + b in complex numbers.
    source, target = points[known] @ [1, 1j], ANCHORS[known] @ [1, 1j]
    (a, b), *_ = np.linalg.lstsq(np.stack([source, np.ones_like(source)], axis=1), target)
    similarity = np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])
    return cv2.warpAffine(image, similarity, image.shape[::-1], borderMode=cv2.BORDER_REPLICATE)


def _descriptor(image: np.ndarray) -> np.ndarray:
    """Gradient strength by direction and cell, relative to the contrast around the cell."""
    down, right = np.asarray(np.gradient(image.astype(np.float32)))[..., None]
    angles = np.linspace(0, 2 * np.pi, DIRECTIONS, endpoint=False, dtype=np.float32)
    gradients = right * np.cos(angles) + down * np.sin(angles)
    cells = cv2.resize(np.maximum(gradients, 0), (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    contrast = np.sqrt(cv2.blur((cells**2).sum(axis=-1), (3, 3)))
    return np.sqrt(cells / (contrast[..., None] + CONTRAST_FLOOR)).ravel()
