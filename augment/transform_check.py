"""Try a policy's own transforms before a training: do keypoints stay on their pixels?"""

from __future__ import annotations

import time
from copy import copy, deepcopy
from typing import Any

import albumentations as A
import cloudpickle
import numpy as np

from augment.pipeline import compose
from augment.policies import Policy
from augment.transform_trial import LIMIT, TransformTrial, refusal
from data.competition import KEYPOINTS
from data.system.errors import UserError

_SEEDS = 20
_MEASURED_SEEDS = 5
_DOTS = 10
_SECONDS = 1.0
"""Of the processor, after which a slow transform is tried no more."""


def check_policy(policy: Policy) -> None:
    """Check each of `policy.transforms`.

    Raises:
        UserError: see `check_transform`.
    """
    for transform in policy.transforms:
        check_transform(transform)


def check_transform(transform: Any) -> float:
    """Try a copy of a transform, as if its probability were 1, on dots at 15 keypoints.

    Every choice of a `OneOf` or `SomeOf` is tried on its own.

    Returns:
        Error in pixels: the distance of keypoints from their dots, by its median over the dots in
        the worst of 5 random states, or by its minimum over the states for the worst keypoint.

    Raises:
        UserError: it is no albumentations transform or cannot be sent to another process, hides
            all dots, has an error above `LIMIT`, or does what `TransformTrial` refuses.
    """
    if not isinstance(transform, A.BasicTransform | A.BaseCompose):
        raise UserError(
            "augmentation policy: transforms: expected albumentations transforms, such as "
            f"A.Rotate(10); found {transform!r}"
        )
    try:
        hash(transform)
        cloudpickle.dumps(transform)
        own = deepcopy(transform)
    except Exception as error:
        expected = "what can be hashed, copied and sent to another process"
        found = f"{type(error).__name__}: {error}"
        raise refusal(type(transform).__name__, expected, found) from error
    return max((_error(name, choice) for name, choice in _choices(own)), default=0.0)


def _choices(transform: Any) -> list[tuple[str, Any]]:
    """Whatever a transform may choose, by name, each with probability 1; sequences also as is."""
    transform.p, name = 1.0, type(transform).__name__
    if not isinstance(transform, A.BaseCompose):
        return [(name, transform)]
    as_is = deepcopy(transform)
    inner = [choices for each in transform.transforms if (choices := _choices(each))]
    if isinstance(transform, A.OneOf | A.OneOrOther | A.SomeOf):
        return [(f"{choice} in {name}", each) for choices in inner for choice, each in choices]
    found = []
    for i in range(max(map(len, inner), default=1)):
        chosen = [choices[i % len(choices)] for choices in inner]
        sequence = copy(transform)
        sequence.transforms = [each for _, each in chosen]
        found.append((f"{name}({', '.join(choice for choice, _ in chosen)})", sequence))
    return [*found, (name, as_is)]


def _error(name: str, transform: Any) -> float:
    """The error of a transform that has no choice, see `check_transform`."""
    distances = _distances(name, transform)
    error = _worst(distances)
    if error is None:
        raise refusal(name, "small details to stay visible", "none of the dots that are drawn")
    if error > LIMIT:
        moves = "the keypoints, which an ImageOnlyTransform leaves, "
        subject = moves if isinstance(transform, A.ImageOnlyTransform) else "keypoints "
        expected = f"{subject}within {LIMIT} px of their pixels"
        raise refusal(name, expected, f"{error:.2f} px")
    return error


def _distances(name: str, transform: Any) -> np.ndarray:
    """Distances (5, 15) in pixels of keypoints from their dots by seed, NaN if not measured."""
    # albumentations warns of keypoints that no transform processes.
    pipeline = compose([A.NoOp(), transform])
    distances = np.full((_MEASURED_SEEDS, len(KEYPOINTS)), np.nan)
    stop = time.thread_time() + _SECONDS
    for seed in range(_SEEDS):
        trial = TransformTrial(name, pipeline, seed)
        # Other keypoints for each seed; each of them for several seeds.
        chosen = np.roll(trial.inside, -_DOTS * seed)[:_DOTS]
        for keypoint in chosen if seed < _MEASURED_SEEDS else ():
            distances[seed, keypoint] = trial.distance(keypoint)
            if time.thread_time() > stop:
                return distances
    return distances


def _worst(distances: np.ndarray) -> float | None:
    """The error by distances (S, 15), which may be NaN; None if all are.

    Medians ignore a few dots whose shape the transform has changed.
    """
    seeds = [row[np.isfinite(row)] for row in distances]
    names = [column[np.isfinite(column)] for column in distances.T]
    if not any(map(len, seeds)):
        return None
    worst = [float(np.median(row)) for row in seeds if len(row) > 2]
    worst += [float(column.min()) for column in names if len(column) > 1]
    return max([*worst, float(np.nanmedian(distances))])
