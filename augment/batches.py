"""Shuffled, augmented batches for `model.fit`, prefetched by worker processes."""

from __future__ import annotations

import time
from concurrent.futures import Executor, Future
from types import TracebackType
from typing import Self

import cv2
import keras
import numpy as np

from augment.pipeline import augment_faces
from augment.policies import Policy
from augment.policy_worker import augment_batch, keep_policy
from augment.workers import start_workers
from data.competition import IMAGE_SIZE
from data.faces import Faces

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]

_PREFETCH = 3
"""Batches that each worker may prepare ahead of the training."""


def network_inputs(
    images: np.ndarray, annotator: np.ndarray, mirrored: np.ndarray
) -> dict[str, np.ndarray]:
    """The inputs of every network, by name.

    Args:
        images: uint8 (B, 96, 96).
        annotator: int (B,), 1 or 2.
        mirrored: bool (B,), whether each image is mirrored.

    Returns:
        `image` uint8 (B, 96, 96, 1), `annotator` int32 (B,) and `mirrored` int32 (B,), 0 or 1.
    """
    flags = {"annotator": annotator.astype(np.int32), "mirrored": mirrored.astype(np.int32)}
    return {"image": images[..., None], **flags}


class Batches(keras.utils.PyDataset):
    """Faces as batches of `network_inputs` and keypoints.

    Keypoints are float32 (B, 15, 2) in pixels, NaN where there is no label. Each epoch has a new
    order and drops the last incomplete batch, so that all batches have one size; fewer faces than
    `batch_size` make one batch. Batch `index` of an epoch depends on the faces, the seed, the epoch
    and the index only, not on the number of workers.

    `close()`, or the end of a `with` block, ends the worker processes.

    Args:
        faces: the training faces; `images` may be memory-mapped.
        batch_size: B.
        policy: the augmentation; sent once to each worker.
        seed: of the order and the augmentation.
        workers: processes that prefetch batches, also of the next epoch; 0 makes each batch when it
            is requested.
        size: width and height in pixels that images are downsampled to after augmentation;
            keypoints stay in pixels of the full size.

    Attributes:
        seconds: spent waiting for batches or, without workers, making them.
    """

    def __init__(
        self,
        faces: Faces,
        batch_size: int,
        policy: Policy,
        seed: int,
        workers: int = 0,
        size: int = IMAGE_SIZE,
    ) -> None:
        # Keras's own workers would be threads, or forks of a process that runs TensorFlow.
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=2)
        # A policy that changes nothing needs no workers.
        workers = workers if policy != Policy() else 0
        self._faces = faces
        self._batch_size = batch_size
        self._policy = policy
        self._seed = seed
        self._size = size
        self.seconds = 0.0
        self._epoch = 0
        self._requested: int | None = None
        self._ahead = _PREFETCH * workers
        self._pool: Executor | None = (
            start_workers(workers, keep_policy, (policy,)) if workers else None
        )
        self._pending: dict[int, Future[Arrays]] = {}

    def __len__(self) -> int:
        return max(1, len(self._faces) // self._batch_size)

    def on_epoch_begin(self) -> None:
        """Start counting the batches that Keras requests."""
        self._requested = 0

    def on_epoch_end(self) -> None:
        """Go on to the next epoch, unless Keras requested a batch only to build the model."""
        if self._requested == len(self):
            self._epoch += 1
        self._requested = None

    def __getitem__(self, index: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        # Keras shuffles the indices by Python's global random state. Within an epoch the k-th
        # request therefore gets batch k: rows are shuffled anyway, and batch k is prefetched.
        if self._requested is not None:
            index, self._requested = self._requested, self._requested + 1
        position, start = self._epoch * len(self) + index, time.perf_counter()
        images, keypoints, mirrored = self._augmented(position)
        annotator = self._faces.annotator[self._rows(position)]
        inputs = network_inputs(downsample(images, self._size), annotator, mirrored)
        self.seconds += time.perf_counter() - start
        return inputs, keypoints

    def _rows(self, position: int) -> np.ndarray:
        """Rows of the faces in the batch at `position`, counted over all epochs."""
        epoch, index = divmod(position, len(self))
        shuffle = np.random.default_rng(np.random.SeedSequence(self._seed, spawn_key=(epoch,)))
        order = shuffle.permutation(len(self._faces))
        return order[index * self._batch_size : (index + 1) * self._batch_size]

    def _arguments(self, position: int) -> tuple[np.ndarray, np.ndarray, np.random.SeedSequence]:
        """Images, keypoints and seed of a batch; only its own rows are sent to a worker."""
        batch = self._faces[self._rows(position)]
        seed = np.random.SeedSequence(self._seed, spawn_key=divmod(position, len(self)))
        return np.asarray(batch.images), batch.keypoints, seed

    def _augmented(self, position: int) -> Arrays:
        if self._pool is None:
            images, keypoints, seed = self._arguments(position)
            return augment_faces(images, keypoints, self._policy, seed)
        wanted = range(position, position + self._ahead + 1)
        for old in self._pending.keys() - set(wanted):
            self._pending.pop(old).cancel()
        for new in wanted:
            if new not in self._pending:
                self._pending[new] = self._pool.submit(augment_batch, *self._arguments(new))
        return self._pending[position].result()

    def close(self) -> None:
        """End the worker processes after the batches that they are making."""
        for future in self._pending.values():
            future.cancel()
        self._pending.clear()
        if self._pool is not None:
            self._pool.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def downsample(images: np.ndarray, size: int) -> np.ndarray:
    """Images uint8 (N, 96, 96) as (N, size, size); each pixel is the mean of those it covers."""
    if size == IMAGE_SIZE:
        return images
    return np.stack([cv2.resize(i, (size, size), interpolation=cv2.INTER_AREA) for i in images])
