"""Transforms of a user's own in a policy: applied last, seeded by the call, sent to workers."""

from dataclasses import replace

import albumentations as A
import numpy as np

from augment.batches import Batches
from augment.pipeline import augment_faces
from augment.policies import POLICIES, Policy
from augment.policy_worker import augment_batch, keep_policy
from augment.workers import start_workers
from tests.augment.own_code import augmented_by_a_worker

SIZE = 16
"""Faces per batch."""


def nested(own):
    """Transforms within transforms, all of which draw random numbers."""
    return (
        A.OneOf([A.Sequential([own.Shade(0.2), own.Shift(4)], p=0.5), A.Rotate(30)], p=0.8),
        A.SomeOf([A.Blur(), A.GaussNoise(), own.Shift(2)], 2),
        A.Compose([A.RandomGamma(), A.CoarseDropout()], p=0.7),
    )


def augmented(faces, policy, seed=0):
    return augment_faces(faces.images, faces.keypoints, policy, seed)


def assert_same(first, second):
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def epochs(batches, count):
    """Images and keypoints of `count` epochs, requested as Keras does."""
    found = []
    for _ in range(count):
        batches.on_epoch_begin()
        for i in range(len(batches)):
            inputs, keypoints = batches[i]
            found += [inputs["image"], keypoints]
        batches.on_epoch_end()
    return found


def test_they_are_applied_last(faces):
    first = faces[:1]
    policy = POLICIES["strong"]
    images, *others = augmented(first, policy, 3)
    negatives, *same = augmented(first, replace(policy, transforms=(A.InvertImg(p=1),)), 3)
    np.testing.assert_array_equal(negatives, 255 - images)
    assert_same(others, same)


def test_a_seed_decides_all_draws_of_nested_transforms(faces, own):
    one, other = (replace(POLICIES["light"], transforms=nested(own)) for _ in range(2))
    assert one != other
    assert_same(augmented(faces, one, 7), augmented(faces, other, 7))
    assert_same(augmented(faces, one, 7), augmented(faces, one, 7))
    assert not np.array_equal(augmented(faces, one, 7)[0], augmented(faces, one, 8)[0])


def test_a_missing_label_stays_missing(faces, own):
    _, keypoints, _ = augmented(faces, Policy(transforms=(own.Shift(9, p=1),)))
    assert not np.isfinite(keypoints[np.isnan(faces.keypoints)]).any()
    assert np.isfinite(keypoints).any()


def test_the_objects_of_the_policy_are_not_changed(faces, own):
    shift = own.Shift(9, p=1)
    before = dict(vars(shift))
    augmented(faces, Policy(transforms=(shift,)))
    assert vars(shift) == before
    assert shift.params == {}
    assert shift.processors == {}


def test_workers_make_the_same_batches_and_receive_the_policy_once(faces, own):
    own.pickled = 0
    policy = replace(POLICIES["strong"], transforms=(own.Shade(p=1), own.Shift(4), *nested(own)))
    with Batches(faces, SIZE, policy, 5, workers=2) as batches:
        found = epochs(batches, 3)
    shades = 2
    assert own.pickled == 2 * shades  # by each of two processes
    assert_same(epochs(Batches(faces, SIZE, policy, 5), 3), found)
    assert not np.array_equal(found[0], next(iter(epochs(Batches(faces, SIZE, policy, 6), 1))))


def test_a_worker_needs_neither_the_users_module_nor_keras(faces, own):
    import keras  # noqa: F401  # the caller has it, the worker must not

    policy = Policy(flip=0.5, transforms=(own.Shade(), own.Shift(4)))
    seed = np.random.SeedSequence(3)
    with start_workers(1, keep_policy, (policy,)) as pool:
        found = pool.submit(augment_batch, faces.images, faces.keypoints, seed).result()
        modules = pool.submit(eval, "set(__import__('sys').modules)").result()
    assert_same(augmented(faces, policy, seed), found)
    assert not modules & {"tensorflow", "keras", own.__name__}


def test_a_training_process_passes_the_policy_on_to_its_own_workers(faces, own):
    policy = Policy(transforms=(own.Shade(p=1), own.Shift(4, p=1)))
    seed = np.random.SeedSequence(3)
    arguments = policy, faces.images, faces.keypoints, seed
    with start_workers(1) as pool:
        found = pool.submit(augmented_by_a_worker, *arguments).result()
    assert_same(augmented(faces, policy, seed), found)
