"""One random state of a transform, tried on dots at keypoints.

One further keypoint has no label, and one lies outside the image, as after the house's own warp.
"""

from __future__ import annotations

from typing import Any

import albumentations as A
import numpy as np

from augment.pipeline import reseed
from augment.rendered_dots import locate, textures, with_dots
from data.competition import IMAGE_SIZE, KEYPOINTS
from data.system.errors import UserError

LIMIT = 0.25
"""Largest error of a transform in pixels, see `augment.transform_check.check_transform`.

Most that move nothing are measured below 0.2: they change the shape of dots, not their place.
"""
_MARGIN = 16
"""Distance of the keypoints from the border, in pixels."""
_OUTSIDE = (-12, 104)


class TransformTrial:
    """A transform with one seed; what it does wrong is a `UserError`.

    Args:
        name: of the transform, for errors.
        pipeline: the transform, see `augment.pipeline.compose`.
        seed: of the transform, the keypoints and the textures.

    Attributes:
        inside: indices of the keypoints in the image.

    Raises:
        UserError: the transform fails, or mirrors the face; changes the image's shape or type; does
            not return 15 keypoints, or moves or fills a missing label; or depends on more than the
            seed.
    """

    def __init__(self, name: str, pipeline: A.Compose, seed: int) -> None:
        self._name, self._pipeline, self._seed = name, pipeline, seed
        rng, last = np.random.default_rng(seed), IMAGE_SIZE - 1 - _MARGIN
        self._places = rng.uniform(_MARGIN, last, (len(KEYPOINTS), 2)).astype(np.float32)
        missing, outside = seed % len(KEYPOINTS), (seed + 1) % len(KEYPOINTS)
        self._places[missing], self._places[outside] = np.nan, _OUTSIDE
        self.inside = [k for k in range(len(KEYPOINTS)) if k not in (missing, outside)]
        self._textures = textures(seed)
        (image, keypoints), (negative, _) = map(self._run, self._textures)
        self._plain = image, negative
        self._check_repeats(image, keypoints)
        self._check_missing(missing, keypoints)

    def _check_repeats(self, image: np.ndarray, keypoints: np.ndarray) -> None:
        again, same = self._run(self._textures[0])
        if not (np.array_equal(image, again) and np.array_equal(keypoints, same, equal_nan=True)):
            raise self._refusal(
                "the same face from the same seed, by random numbers from self.py_random or "
                "self.random_generator",
                "another",
            )

    def _check_missing(self, missing: int, keypoints: np.ndarray) -> None:
        if np.isnan(keypoints[missing]).any():
            return
        if others := np.flatnonzero(np.isnan(keypoints).any(axis=1)).tolist():
            found = f"{KEYPOINTS[others[0]]} missing instead of {KEYPOINTS[missing]}"
            raise self._refusal("keypoints in the same order", found)
        found = "({:.1f}, {:.1f})".format(*keypoints[missing])
        raise self._refusal("a missing label, NaN, to stay NaN", found)

    def distance(self, keypoint: int) -> float:
        """Distance of a keypoint of `inside` from its dot in pixels; NaN if that is not visible.

        Raises:
            UserError: the keypoint has lost its label, or another one took its place.
        """
        changes = []
        for texture, plain in zip(self._textures, self._plain, strict=True):
            for image in with_dots(texture, self._places[keypoint]):
                image, keypoints = self._run(image)
                changes.append(image.astype(np.float32) - plain)
        place = locate(np.stack(changes))
        if place is None:
            return np.nan
        if not np.isfinite(keypoints[keypoint]).all():
            raise self._refusal("a visible keypoint to keep its label", "NaN")
        distances = np.hypot(*(keypoints - place).T)
        nearest = int(np.nanargmin(distances))
        if nearest != keypoint and distances[nearest] < LIMIT:
            raise self._refusal(
                "keypoints in the same order",
                f"{KEYPOINTS[nearest]} at the place of {KEYPOINTS[keypoint]}",
            )
        return float(distances[keypoint])

    def _run(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Image uint8 (96, 96) and keypoints (15, 2) after the transform."""
        reseed(self._pipeline, self._seed)
        try:
            face = self._pipeline(image=image.copy(), keypoints=self._places.copy(), mirrored=False)
        except Exception as error:
            message = str(error).strip().partition("\n")[0]
            raise self._refusal(
                f"it to take a gray image, {_kind(image)}, and 15 keypoints, NaN where a label is "
                "missing",
                f"{type(error).__name__}: {message}",
            ) from error
        if _kind(face["image"]) != _kind(image):
            raise self._refusal(f"an image {_kind(image)}", _kind(face["image"]))
        keypoints = np.asarray(face["keypoints"], float)
        if keypoints.shape != self._places.shape:
            raise self._refusal(
                "all 15 keypoints, also those outside the image", str(len(keypoints))
            )
        if face["mirrored"] or _mirrors(self._places, keypoints):
            raise self._refusal(
                "a face that is not mirrored: left keypoints would become right ones, which only "
                "the policy's `flip` swaps",
                "a mirrored one",
            )
        return face["image"], keypoints

    def _refusal(self, expected: str, found: str) -> UserError:
        return refusal(self._name, expected, found)


def refusal(name: str, expected: str, found: str) -> UserError:
    """The error that a transform of this name makes."""
    return UserError(f"transform {name}: expected {expected}; found {found}")


def _mirrors(places: np.ndarray, keypoints: np.ndarray) -> bool:
    """Whether keypoints (15, 2) lie as their places do in a mirror."""
    known = np.isfinite(places + keypoints).all(axis=1)
    if known.sum() < 3:
        return False
    terms = np.column_stack([places[known], np.ones(known.sum())])
    affine = np.linalg.lstsq(terms, keypoints[known], rcond=None)[0]
    fits = np.abs(terms @ affine - keypoints[known]).mean() < _MARGIN / 2
    return bool(fits and np.linalg.det(affine[:2]) < 0)


def _kind(image: Any) -> str:
    return f"{getattr(image, 'dtype', type(image).__name__)} {np.shape(image)}"
