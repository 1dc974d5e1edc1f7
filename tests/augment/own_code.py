"""A user's file of transforms: a module that exists in this process only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import cloudpickle
import numpy as np

from augment.policies import Policy
from augment.policy_worker import augment_batch, keep_policy
from augment.workers import start_workers

SOURCE = '''
import albumentations as A
import numpy as np
from pydantic import Field

LAST = 95
pickled = 0


def shaded(image, gain):
    return np.round(image * gain).astype(np.uint8)


class Shade(A.ImageOnlyTransform):
    class InitSchema(A.ImageOnlyTransform.InitSchema):
        darkest: float = Field(ge=0, le=1)

    def __init__(self, darkest=0.5, p=0.5):
        super().__init__(p)
        self.darkest = darkest

    def get_params(self):
        return {"gain": self.py_random.uniform(self.darkest, 1)}

    def apply(self, img, gain, **params):
        return shaded(img, gain)

    def __getstate__(self):
        global pickled
        pickled += 1
        return vars(self)


class Shift(A.DualTransform):
    """Move the face by whole pixels; `wrong` is a further movement of the keypoints."""

    def __init__(self, pixels, wrong=(0, 0), p=0.5):
        super().__init__(p)
        self.pixels, self.wrong = pixels, wrong

    def get_params(self):
        return {"step": self.random_generator.integers(-self.pixels, self.pixels + 1, 2)}

    def apply(self, img, step, **params):
        y, x = np.indices(img.shape)
        return img[(y - step[1]).clip(0, LAST), (x - step[0]).clip(0, LAST)]

    def apply_to_keypoints(self, keypoints, step, **params):
        return keypoints + [*(step + self.wrong), 0, 0, 0]
'''


@contextmanager
def own_code(source: str = SOURCE) -> Iterator[ModuleType]:
    """Run the file as a module of this process that others receive by value."""
    module = ModuleType("own_transforms")
    sys.modules[module.__name__] = module
    exec(compile(source, "own_transforms.py", "exec"), module.__dict__)
    cloudpickle.register_pickle_by_value(module)
    try:
        yield module
    finally:
        cloudpickle.unregister_pickle_by_value(module)
        del sys.modules[module.__name__]


def augmented_by_a_worker(
    policy: Policy, images: np.ndarray, keypoints: np.ndarray, seed: np.random.SeedSequence
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Augment in a worker of this process."""
    with start_workers(1, keep_policy, (policy,)) as pool:
        return pool.submit(augment_batch, images, keypoints, seed).result()
