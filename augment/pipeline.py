"""Augment a batch of faces: images and keypoints together, reproducibly."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable
from copy import deepcopy
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.policies import POLICIES, Policy
from data.competition import IMAGE_SIZE

if TYPE_CHECKING:
    import albumentations as A


def augment_faces(
    images: np.ndarray,
    keypoints: np.ndarray,
    policy: Policy,
    seed: int | np.random.SeedSequence,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Augment every face by the policy; the result depends on the arguments alone.

    A keypoint follows its pixel to 0.05 px, through transforms of the policy's own to what
    `augment.transform_check` measures. It becomes NaN, both x and y, where it leaves the
    image, -1 <= x, y <= 96: the labels that the competition allows, 0 to 96, and their mirror
    images. A policy that changes nothing returns copies.

    Args:
        images: uint8 (B, 96, 96).
        keypoints: float32 (B, 15, 2), x and y in pixels, NaN where there is no label.
        policy: one of `augment.policies.POLICIES`, or another.
        seed: of every random draw.

    Returns:
        images: uint8 (B, 96, 96).
        keypoints: float32 (B, 15, 2) in pixels.
        mirrored: bool (B,), whether each image is mirrored.
    """
    images, keypoints, mirrored = images.copy(), keypoints.copy(), np.zeros(len(images), bool)
    if policy == POLICIES["none"]:
        return images, keypoints, mirrored
    pipeline = _pipeline(policy, threading.get_ident())
    reseed(pipeline, seed)
    for i, (image, points) in enumerate(zip(images, keypoints, strict=True)):
        face = pipeline(image=image, keypoints=points, mirrored=False)
        images[i], keypoints[i], mirrored[i] = face["image"], face["keypoints"], face["mirrored"]
    inside = ((keypoints >= -1) & (keypoints <= IMAGE_SIZE)).all(axis=-1)
    keypoints[~inside] = np.nan
    return images, keypoints, mirrored


def reseed(pipeline: A.Compose, seed: int | np.random.SeedSequence) -> None:
    """Seed the random draws of all transforms in a pipeline, also of nested ones."""
    # Not Compose(seed=): it gives each transform its own generator with the same seed, so that
    # their draws coincide (the first face would be warped if and only if it is mirrored).
    generator = np.random.default_rng(seed)
    pipeline.set_random_state(generator, random.Random(int(generator.integers(2**63))))


@lru_cache
def _pipeline(policy: Policy, thread: int) -> A.Compose:
    """Build a policy's transforms, once per thread: they hold the random state of a call."""
    import albumentations as A

    from augment.flip import KeypointFlip
    from augment.warp import Warp

    photometric = [
        A.RandomBrightnessContrast(0.3, 0.3, brightness_by_max=False, p=0.4),
        A.RandomGamma((70, 140), p=0.4),
        A.CLAHE(3.0, tile_grid_size=(4, 4), p=0.2),
    ]
    blur_noise = [A.GaussianBlur((3, 3), (0.4, 1.0)), A.GaussNoise((0.01, 0.04))]
    return compose(
        [
            KeypointFlip(policy.flip),
            Warp(policy.rotate, policy.scale, policy.shift, policy.perspective, policy.warp),
            A.OneOf(photometric, policy.photometric),
            A.OneOf(blur_noise, policy.blur_noise),
            A.CoarseDropout((1, 3), (6, 20), (6, 20), "random_uniform", p=policy.coarse_dropout),
            *deepcopy(policy.transforms),
        ]
    )


def compose(transforms: Iterable[Any]) -> A.Compose:
    """Chain transforms of an image (96, 96), its keypoints (15, 2) and its flag `mirrored`."""
    import albumentations as A
    import cv2

    cv2.setNumThreads(0)
    return A.Compose(
        list(transforms),
        keypoint_params=A.KeypointParams("xy", remove_invisible=False, check_each_transform=False),
        is_check_shapes=False,
    )
