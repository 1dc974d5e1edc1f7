"""Groups of rows that show the same photograph.

A perceptual hash proposes pairs; the correlation of their pixels decides. The hash consists of the
low frequencies of the cosine transform, as in pHash, but is compared as real numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from threadpoolctl import threadpool_limits

from data.faces import group_identical_images

HASH_PIXELS, HASH_SIZE = 32, 8
HASH_COSINE = 0.9
"""Cosine above which two hashes propose a pair; it misses almost none, and the pixels reject the
rest."""

SHIFT = 4
PIXEL_CORRELATION = 0.95
"""Correlation, at the best shift of up to `SHIFT` pixels, that joins a pair. Above it are copies of
one shot (moved, recompressed, relit, cropped again) and neighbouring video frames; just below it,
the same person with another expression."""

# These matrices are small: threads on busy cores only wait for each other. One thread also sums in
# the same order on every machine.
one_thread = threadpool_limits.wrap(limits=1)


@dataclass(frozen=True)
class Groups:
    """Rows that belong together.

    Attributes:
        labels: int64 (N,) from 0, equal within a group.
        identical: number of rows whose image repeats an earlier one pixel by pixel.
        similar: number of further rows whose image nearly repeats another.
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
        within: int (N,); if given, only rows with equal values are compared, which is faster.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    same = group_identical_images(images)
    _, first = np.unique(same, return_index=True)
    n, distinct = len(first), images[first]
    among = np.zeros(n) if within is None else within[first]
    near = ((i, j) for i, j in _similar_hashes(distinct) if among[i] == among[j])
    pairs = [(i, j) for i, j in near if _same_photo(distinct[i], distinct[j])]
    edges = np.array(pairs, np.int64).reshape(-1, 2).T
    graph = coo_array((np.ones(len(pairs)), tuple(edges)), shape=(n, n))
    found, labels = connected_components(graph, directed=False)
    return Groups(labels[same].astype(np.int64), len(images) - n, n - found)


def repeated_photos(train: np.ndarray, test: np.ndarray) -> int:
    """Number of test images (M, 96, 96) that repeat, or nearly repeat, a training image."""
    labels = photo_groups(np.concatenate([train, test])).labels
    return int(np.isin(labels[len(train) :], labels[: len(train)]).sum())


def _similar_hashes(images: np.ndarray) -> Iterator[tuple[int, int]]:
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
