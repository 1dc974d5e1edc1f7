"""Constants of Kaggle's Facial Keypoints Detection: keypoints, image size, files, annotators.

No other file spells a keypoint's name, a file's name or the image size.
"""

from __future__ import annotations

SLUG = "facial-keypoints-detection"
URL = f"https://www.kaggle.com/competitions/{SLUG}"
RULES_PAGE = f"{URL}/rules"
PHONE_PAGE = "https://www.kaggle.com/settings"
"""Where an account's phone number is verified."""

IMAGE_SIZE = 96
"""Width and height of every image, in pixels."""

KEYPOINTS = (
    "left_eye_center",
    "right_eye_center",
    "left_eye_inner_corner",
    "left_eye_outer_corner",
    "right_eye_inner_corner",
    "right_eye_outer_corner",
    "left_eyebrow_inner_end",
    "left_eyebrow_outer_end",
    "right_eyebrow_inner_end",
    "right_eyebrow_outer_end",
    "nose_tip",
    "mouth_left_corner",
    "mouth_right_corner",
    "mouth_center_top_lip",
    "mouth_center_bottom_lip",
)
"""The K = 15 keypoints in file order; left and right are the subject's."""

COORDINATES = tuple(f"{name}_{axis}" for name in KEYPOINTS for axis in "xy")
"""The 30 label columns of training.csv, and the feature names of the lookup table."""

IMAGE_COLUMN = "Image"
TRAINING_HEADER = (*COORDINATES, IMAGE_COLUMN)
TEST_HEADER = ("ImageId", IMAGE_COLUMN)
LOOKUP_HEADER = ("RowId", "ImageId", "FeatureName", "Location")
SUBMISSION_HEADER = ("RowId", "Location")

TRAINING_FILE = "training.csv"
TEST_FILE = "test.csv"
LOOKUP_FILE = "IdLookupTable.csv"
SAMPLE_SUBMISSION_FILE = "SampleSubmission.csv"
FILES = (TRAINING_FILE, TEST_FILE, LOOKUP_FILE, SAMPLE_SUBMISSION_FILE)

ANNOTATORS = (1, 2)
"""Two annotators labelled the faces; they use some names for different points."""

EYES = (KEYPOINTS.index("left_eye_center"), KEYPOINTS.index("right_eye_center"))
LIPS = (KEYPOINTS.index("mouth_center_top_lip"), KEYPOINTS.index("mouth_center_bottom_lip"))
SECOND_ANNOTATOR = (*EYES, KEYPOINTS.index("nose_tip"), LIPS[1])
"""Keypoints of the second annotator; its last two are the base of the nose and the middle of the
mouth."""


def _mirrored_name(name: str) -> str:
    swap = {"left": "right", "right": "left"}
    return "_".join(swap.get(word, word) for word in name.split("_"))


MIRROR = tuple(KEYPOINTS.index(_mirrored_name(name)) for name in KEYPOINTS)
"""MIRROR[k] is the index that keypoint k has in a mirrored image."""
