"""Groups of rows that show the same photograph or person, so that folds keep them together.

A network that has seen a person in training places that person's keypoints too well, so a person
who crosses folds flatters the validation. Nobody tells who is who; two steps find it out:

1. Photographs. A perceptual hash (the low frequencies of the cosine transform, as in pHash, but
   compared as real numbers) proposes pairs, the correlation of their pixels decides.
2. Persons. The labels align eyes and mouth, oriented gradients describe the face (as HOG and DAISY
   do), principal components whiten the descriptors. The cosine of two different people, times the
   square root of the number of components, is then nearly a standard normal z. Average linkage
   joins faces while their mean z is high; unlike single linkage it doesn't chain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from threadpoolctl import threadpool_limits

from data.competition import EYES, LIPS
from data.faces import Faces, image_labels

HASH_PIXELS, HASH_SIZE = 32, 8
HASH_COSINE = 0.9
"""Proposes a pair of photographs; it misses next to none, and the pixels sort out the rest."""

SHIFT = 4
PIXEL_CORRELATION = 0.95
"""Joins a pair of photographs: above are the same shots, moved, recoded, lit or cropped anew, and
neighbouring frames of a video; a little below, the same person with another expression begins."""

ANCHORS = np.array([[68, 36], [28, 36], [48, 78]], np.float32)
"""Where alignment puts the left eye, the right eye and the mouth, (x, y) in pixels."""

CELLS, DIRECTIONS = 8, 8
CONTRAST_FLOOR = 0.3
"""Gray values per pixel; keeps the noise of flat regions small."""

COMPONENTS, FACES_PER_COMPONENT = 200, 4
PERSON_Z = 2.5
"""Mean z at which average linkage stops. Too low only makes groups larger, too high lets persons
cross folds. On portraits and video frames, of the pairs that a step down to 2 adds, four in five
are of different people."""

# These matrices are small: threads that share busy cores only wait for each other, and one thread
# sums in the same order on every machine.
one_thread = threadpool_limits.wrap(limits=1)

FEWEST = 8 * FACES_PER_COMPONENT
"""Below this many photographs there are too few components for any z to be telling."""


@dataclass(frozen=True)
class Groups:
    """Which rows belong together.

    Attributes:
        labels: int64 (N,) from 0, equal within a group.
        identical: rows whose image repeats an earlier one pixel by pixel.
        similar: further rows whose image nearly repeats another.
    """

    labels: np.ndarray
    identical: int
    similar: int

    def __str__(self) -> str:
        return (
            f"{self.labels.max(initial=-1) + 1} groups, "
            f"{self.identical} identical, {self.similar} nearly identical"
        )


@one_thread
def photo_groups(images: np.ndarray, within: np.ndarray | None = None) -> Groups:
    """Group identical and nearly identical photographs.

    Args:
        images: uint8 (N, 96, 96), N >= 1.
        within: int (N,), if given: only rows with the same label are compared, which is faster.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    same = image_labels(images)
    _, first = np.unique(same, return_index=True)
    n, distinct = len(first), images[first]
    among = np.zeros(n) if within is None else within[first]
    near = ((i, j) for i, j in _alike(distinct) if among[i] == among[j])
    pairs = [(i, j) for i, j in near if _same_photo(distinct[i], distinct[j])]
    edges = np.array(pairs, np.int64).reshape(-1, 2).T
    graph = coo_array((np.ones(len(pairs)), tuple(edges)), shape=(n, n))
    found, labels = connected_components(graph, directed=False)
    return Groups(labels[same].astype(np.int64), len(images) - n, n - found)


@one_thread
def person_groups(faces: Faces) -> Groups:
    """Group the rows of N faces that probably show one person.

    Groups err on the large side: some hold several people who look alike, few people are split.
    A face without labels of two of eyes and mouth is compared unaligned.
    """
    from sklearn.cluster import AgglomerativeClustering

    photos = photo_groups(faces.images)
    _, first = np.unique(photos.labels, return_index=True)
    if len(first) < FEWEST:
        return photos
    components = min(COMPONENTS, len(first) // FACES_PER_COMPONENT)
    # Of unit vectors, the squared distance is 2 (1 - cosine).
    clusters = AgglomerativeClustering(
        n_clusters=None,
        metric="sqeuclidean",
        linkage="average",
        distance_threshold=2 * (1 - PERSON_Z / components**0.5),
    ).fit_predict(_whitened(faces[first], components))
    return Groups(clusters[photos.labels].astype(np.int64), photos.identical, photos.similar)


def repeated_photos(train: np.ndarray, test: np.ndarray) -> int:
    """How many test images (M, 96, 96) are, nearly, training images (N, 96, 96)."""
    labels = photo_groups(np.concatenate([train, test])).labels
    return int(np.isin(labels[len(train) :], labels[: len(train)]).sum())


def _alike(images: np.ndarray) -> Iterator[tuple[int, int]]:
    """Pairs of images (N, 96, 96) whose perceptual hashes are close."""
    from scipy.fft import dctn
    from sklearn.preprocessing import normalize

    size = (HASH_PIXELS, HASH_PIXELS)
    small = np.zeros((len(images), *size), np.float32)
    for image, out in zip(images, small, strict=True):
        cv2.resize(image.astype(np.float32), size, dst=out, interpolation=cv2.INTER_AREA)
    low = dctn(small, axes=(1, 2))[:, :HASH_SIZE, :HASH_SIZE].reshape(len(images), -1)
    hashes = normalize(low[:, 1:])  # without the mean brightness
    for i, one in enumerate(hashes):
        for j in np.flatnonzero(hashes[i + 1 :] @ one > HASH_COSINE):
            yield i, i + 1 + int(j)


def _same_photo(one: np.ndarray, other: np.ndarray) -> bool:
    centre = other[SHIFT:-SHIFT, SHIFT:-SHIFT]
    return cv2.matchTemplate(one, centre, cv2.TM_CCOEFF_NORMED).max() > PIXEL_CORRELATION


def _whitened(faces: Faces, components: int) -> np.ndarray:
    """Unit vectors (N, components) whose cosine tells how alike two faces are."""
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import normalize

    pairs = zip(faces.images, anchors(faces.keypoints), strict=True)
    aligned = (_align(image, points) for image, points in pairs)
    descriptors = np.stack([_descriptor(image) for image in aligned], dtype=np.float64)
    pca = PCA(components, whiten=True, svd_solver="covariance_eigh")
    return normalize(pca.fit_transform(descriptors))


def anchors(keypoints: np.ndarray) -> np.ndarray:
    """Left eye, right eye and middle of the mouth, (N, 3, 2) in pixels; NaN where unknown.

    The second annotator's lower lip is the middle of the mouth already.
    """
    eyes, lips = keypoints[:, EYES], keypoints[:, LIPS]
    known = (~np.isnan(lips)).sum(axis=1)
    mouth = np.nansum(lips, axis=1) / np.where(known, known, np.nan)
    return np.concatenate([eyes, mouth[:, None]], axis=1)


def _align(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Turn, scale and move points (3, 2) of an image onto ANCHORS, in least squares."""
    known = ~np.isnan(points).any(axis=1)
    if known.sum() < 2:
        return image
    # A similarity is z -> a z + b in complex numbers.
    source, target = points[known] @ [1, 1j], ANCHORS[known] @ [1, 1j]
    (a, b), *_ = np.linalg.lstsq(np.stack([source, np.ones_like(source)], axis=1), target)
    similarity = np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])
    return cv2.warpAffine(image, similarity, image.shape[::-1], borderMode=cv2.BORDER_REPLICATE)


def _descriptor(image: np.ndarray) -> np.ndarray:
    """Strength of the gradient in each direction and cell, in the contrast around the cell."""
    down, right = np.asarray(np.gradient(image.astype(np.float32)))[..., None]
    angles = np.linspace(0, 2 * np.pi, DIRECTIONS, endpoint=False, dtype=np.float32)
    gradients = right * np.cos(angles) + down * np.sin(angles)
    cells = cv2.resize(np.maximum(gradients, 0), (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    contrast = np.sqrt(cv2.blur((cells**2).sum(axis=-1), (3, 3)))
    return np.sqrt(cells / (contrast[..., None] + CONTRAST_FLOOR)).ravel()
