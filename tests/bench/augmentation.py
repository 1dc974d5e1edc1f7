"""Augmented images per second: `python -m tests.bench.augmentation WAY`."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable

import numpy as np

from augment.batches import Batches
from augment.pipeline import augment_faces
from augment.policies import POLICIES
from data.faces import Faces
from data.rendering.demo_faces import demo_faces

POLICY, BATCH = POLICIES["standard"], 32
SECONDS = 6


def loop(faces: Faces) -> Callable[[], int]:
    """One face at a time, as in a notebook."""
    position = iter(range(1_000_000))

    def step() -> int:
        i = next(position) % len(faces)
        augment_faces(faces.images[i : i + 1], faces.keypoints[i : i + 1], POLICY, i)
        return 1

    return step


def tf_data_map(faces: Faces) -> Callable[[], int]:
    """`tf.data.map` with as many parallel calls as it chooses."""
    import tensorflow as tf

    def augmented(image: np.ndarray, keypoints: np.ndarray, seed: np.ndarray) -> list[np.ndarray]:
        images, points, _ = augment_faces(image[None], keypoints[None], POLICY, int(seed))
        return [images[0], points[0]]

    kinds = [tf.uint8, tf.float32]
    data = tf.data.Dataset.from_tensor_slices(
        (faces.images, faces.keypoints, np.arange(len(faces)))
    ).repeat()
    data = data.map(lambda *face: tf.numpy_function(augmented, face, kinds), tf.data.AUTOTUNE)
    batches = iter(data.batch(BATCH).prefetch(tf.data.AUTOTUNE))
    return lambda: len(next(batches)[0])


def batches(faces: Faces, workers: int) -> Callable[[], int]:
    """This project's batches, made by `workers` processes (0: by this process)."""
    made = Batches(faces, BATCH, POLICY, seed=0, workers=workers)
    position = iter(range(1_000_000))

    def step() -> int:
        index = next(position)
        if index % len(made) == 0:
            made.on_epoch_begin()
        size = len(made[index % len(made)][1])
        if (index + 1) % len(made) == 0:
            made.on_epoch_end()
        return size

    return step


def main() -> None:
    """Measure one way and print its images per second."""
    way, *workers = sys.argv[1:]
    faces, _ = demo_faces(512, np.random.SeedSequence(0), (0.0, 0.0))
    ways = {"loop": loop, "tf_data_map": tf_data_map}
    step = batches(faces, int(workers[0])) if workers else ways[way](faces)
    for _ in range(20):
        step()
    images, start = 0, time.perf_counter()
    while time.perf_counter() < start + SECONDS:
        images += step()
    print(json.dumps({"images_per_second": images / (time.perf_counter() - start)}), flush=True)
    os._exit(0)  # do not wait for tf.data's threads and our workers


if __name__ == "__main__":
    main()
