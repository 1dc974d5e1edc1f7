import threading

import albumentations as A
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.flip import KeypointFlip
from augment.policies import Policy
from augment.transform_check import check_policy, check_transform
from augment.transform_trial import LIMIT
from data.competition import KEYPOINTS
from data.system.errors import UserError


class Own(A.DualTransform):
    """Moves nothing but keypoints (15, 5), by a function."""

    def __init__(self, move, p=0.5):
        super().__init__(p)
        self.move = move

    def apply(self, img, **params):
        return img

    def apply_to_keypoints(self, keypoints, **params):
        return self.move(keypoints.copy())


class OwnImage(A.ImageOnlyTransform):
    """Changes images (96, 96) by a function."""

    def __init__(self, change, p=0.5):
        super().__init__(p)
        self.change = change

    def apply(self, img, **params):
        return self.change(self, img)


class Noise(A.ImageOnlyTransform):
    """Draws a random number for each bright pixel, so dots change what follows."""

    def apply(self, img, **params):
        noise = np.zeros(img.shape)
        noise[img > 150] = self.random_generator.normal(0, 5, (img > 150).sum())
        return np.clip(img + noise, 0, 255).astype(np.uint8)


class Equal(A.NoOp):
    __hash__ = None


class Locked(A.NoOp):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()


def darker(image, **params):
    return image // 2


def moved_down(keypoints):
    keypoints[:, 1] += 1
    return keypoints


def swapped(keypoints):
    keypoints[[0, 1]] = keypoints[[1, 0]]
    return keypoints


def reversed_end(keypoints):
    keypoints[12:] = keypoints[:11:-1]
    return keypoints


def those_inside(keypoints):
    return keypoints[~(keypoints[:, 0] < 0)]


def one_moved(keypoints):
    keypoints[4, 0] += 3
    return keypoints


def unlabelled(keypoints):
    keypoints[::2] = np.nan
    return keypoints


GOOD = {
    "Affine": A.Affine(rotate=20, scale=(0.6, 1.4), shear=10, translate_px=(-6, 6)),
    "half": A.Affine(scale=0.5),
    "Rotate": A.Rotate(90),
    "SafeRotate": A.SafeRotate(30),
    "RandomResizedCrop": A.RandomResizedCrop((96, 96), (0.7, 1)),
    "CropAndPad": A.CropAndPad(px=(-8, 8)),
    "RandomRotate90": A.RandomRotate90(),
    "CoarseDropout": A.CoarseDropout((3, 6), (20, 30), (20, 30)),
    "GridDropout": A.GridDropout(),
    "PixelDropout": A.PixelDropout(0.2),
    "Blur": A.Blur((3, 7)),
    "MedianBlur": A.MedianBlur(),
    "GaussNoise": A.GaussNoise(),
    "noise that depends on the image": A.ShotNoise((0.001, 0.01)),
    "draws that depend on the image": Noise(),
    "CLAHE": A.CLAHE(),
    "Equalize": A.Equalize(),
    "Solarize": A.Solarize(),
    "InvertImg": A.InvertImg(),
    "PlasmaShadow": A.PlasmaShadow(),
    "RandomShadow": A.RandomShadow(),
    "ImageCompression": A.ImageCompression(quality_range=(10, 30)),
    "Lambda": A.Lambda(image=darker),
    "nested": A.OneOf([A.Sequential([A.Rotate(9), A.Blur()]), A.SomeOf([A.CLAHE()], 1), A.NoOp()]),
    "sizes that fit at the end": A.Sequential([A.RandomCrop(90, 90), A.PadIfNeeded(96, 96)]),
    "nothing": A.Sequential([]),
}

MIRRORED = "expected a face that is not mirrored: .* the policy's `flip` .* found a mirrored one"
BROKEN = {
    "keypoints left behind": (
        A.MotionBlur(),
        r"ImageOnlyTransform leaves, within .* found 2.00 px",
    ),
    "half a pixel": (
        A.Morphological((2, 2)),
        rf"within {LIMIT} px of their pixels; found 0.5\d px",
    ),
    "pixels moved": (OwnImage(lambda _, image: np.roll(image, 5, 1)), r"found 5.00 px"),
    "keypoints moved": (Own(moved_down), r"found 1.00 px"),
    "one keypoint moved": (Own(one_moved), r"found 3.00 px"),
    "two swapped": (Own(swapped), "same order; found right_eye_center missing instead of left"),
    "others swapped": (
        Own(reversed_end),
        "at the place of mouth_right_corner",
    ),
    "one dropped": (Own(lambda keypoints: keypoints[:-1]), "all 15 keypoints, .*; found 14"),
    "one outside dropped": (Own(those_inside), "also those outside the image; found 14"),
    "a label lost": (Own(unlabelled), "a visible keypoint to keep its label; found NaN"),
    "a label invented": (A.Perspective(), r"NaN, to stay NaN; found \(0.0, 0.0\)"),
    "NaN refused": (A.ElasticTransform(), "NaN where a label is missing; found ValueError: cannot"),
    "colour": (
        A.RandomFog(),
        "a gray image, .*; found ValueError: This transformation expects 3-ch",
    ),
    "shape": (A.RandomCrop(80, 80), r"an image uint8 \(96, 96\); found uint8 \(80, 80\)"),
    "channels": (A.ToRGB(), r"an image uint8 \(96, 96\); found uint8 \(96, 96, 3\)"),
    "type": (A.ToFloat(), r"an image uint8 \(96, 96\); found float32 \(96, 96\)"),
    "no image": (OwnImage(lambda *_: None), "found RuntimeError: Unsupported image type"),
    "HorizontalFlip": (A.HorizontalFlip(), MIRRORED),
    "VerticalFlip": (A.VerticalFlip(), MIRRORED),
    "Transpose": (A.Transpose(), MIRRORED),
    "D4": (A.D4(), MIRRORED),
    "the flip of the house": (KeypointFlip(), MIRRORED),
    "an error of its own": (OwnImage(lambda *_: {}["a"]), "found KeyError: 'a'"),
    "wiped": (OwnImage(lambda _, image: image * 0), "small details to stay visible; found none"),
    "global draws": (
        OwnImage(lambda _, image: np.roll(image, np.random.default_rng().integers(99))),
        "the same face from the same seed, by random numbers from self.py_random .*; found another",
    ),
    "unhashable": (Equal(), "sent to another process; found TypeError: unhashable"),
    "no pickle": (
        Locked(),
        "sent to another process; found TypeError: cannot pickle '_thread.lock'",
    ),
}


@pytest.mark.filterwarnings("ignore::UserWarning:albumentations")
@pytest.mark.parametrize("name", GOOD)
def test_a_transform_that_carries_keypoints_passes(name):
    assert check_transform(GOOD[name]) <= LIMIT


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_transform_is_refused_by_its_class_and_its_fault(name):
    transform, message = BROKEN[name]
    with pytest.raises(UserError, match=f"^transform {type(transform).__name__}: .*{message}"):
        check_policy(Policy(transforms=(A.Blur(), transform)))


@pytest.mark.parametrize(
    ("transform", "name"),
    [
        (A.OneOf([A.Blur(), A.VerticalFlip(p=0.001)], 0.01), "VerticalFlip in OneOf"),
        (A.SomeOf([A.Blur(), A.VerticalFlip()], 1), "VerticalFlip in SomeOf"),
        (A.OneOrOther(A.Blur(), A.VerticalFlip(p=0.001)), "VerticalFlip in OneOrOther"),
        (A.Sequential([A.Blur(), A.VerticalFlip()]), "Sequential(Blur, VerticalFlip)"),
        (
            A.Compose([A.OneOf([A.Blur(), A.Sequential([A.VerticalFlip(p=0.001)])])]),
            "Compose(Sequential(VerticalFlip) in OneOf)",
        ),
    ],
)
def test_the_rarest_choice_is_tried_and_named(transform, name):
    with pytest.raises(UserError) as refusal:
        check_transform(transform)
    assert str(refusal.value).startswith(f"transform {name}: expected a face that is not mirrored")


def test_a_sequence_is_tried_with_its_own_probabilities_too():
    colour = [A.ToRGB(p=1), A.RandomRain(), A.ToGray(1, p=1)]
    assert check_transform(A.Sequential(colour)) <= LIMIT
    with pytest.raises(UserError, match=r"^transform Sequential: .* found uint8 \(96, 96, 3\)"):
        check_transform(A.Sequential([*colour[:2], A.ToGray(1, p=0.5)]))


@pytest.mark.parametrize("thing", [A.Blur, "blur", np.fliplr, None])
def test_what_is_no_transform_is_refused(thing):
    with pytest.raises(UserError, match=r"expected albumentations transforms, such as A\.Rotate"):
        check_policy(Policy(transforms=(thing,)))


def test_trying_changes_nothing(own):
    transform = A.OneOf([own.Shade(0.3), own.Shift(4)], p=0.1)
    probabilities = [each.p for each in transform.transforms]
    assert check_transform(transform) < 0.02
    assert transform.p == 0.1
    assert [each.p for each in transform.transforms] == probabilities


@settings(max_examples=10)
@given(st.floats(-0.7, 0.7), st.floats(-0.7, 0.7))
def test_the_error_is_by_how_far_keypoints_are_off(x, y):
    distance = np.hypot(x, y)
    transform = Own(lambda keypoints: keypoints + np.array([x, y, 0, 0, 0], np.float32))
    if distance > LIMIT + 0.01:
        with pytest.raises(UserError, match=rf"within {LIMIT} px .* found 0\.\d\d px") as refusal:
            check_transform(transform)
        found = float(str(refusal.value).split()[-2])
    elif distance < LIMIT - 0.01:
        found = check_transform(transform)
    else:
        return
    assert found == pytest.approx(distance, abs=0.015)


def test_every_keypoint_is_tried():
    for k in range(len(KEYPOINTS)):
        step = np.zeros((len(KEYPOINTS), 5))
        step[k, 1] = 1
        with pytest.raises(UserError, match=r"found 1\.00 px"):
            check_transform(Own(lambda keypoints, step=step: keypoints + step))
