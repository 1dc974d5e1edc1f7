"""What a worker process of `Batches` does: it keeps a policy, then augments batches by it."""

from __future__ import annotations

import numpy as np

from augment.pipeline import augment_faces
from augment.policies import Policy

_policy: Policy


def keep_policy(policy: Policy) -> None:
    """Keep the policy for all batches, and import what augmentation uses before the first."""
    import albumentations  # noqa: F401

    global _policy
    _policy = policy


def augment_batch(
    images: np.ndarray, keypoints: np.ndarray, seed: np.random.SeedSequence
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Augment a batch by the policy that was kept; arguments as of `augment_faces`."""
    return augment_faces(images, keypoints, _policy, seed)
