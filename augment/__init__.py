"""Keypoint-aware augmentation, and the batches that networks are trained on.

Add a policy in `policies.py` and a transform in `pipeline.py`; README.md here says how. Coordinates
are in pixels, and every random draw comes from a seed that is passed in.
"""

import os

# albumentations looks for a newer release on the network when it is imported.
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")

import data.system.keras_environment  # noqa: F401
