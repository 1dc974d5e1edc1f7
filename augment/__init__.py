"""Keypoint-aware augmentation, and the batches a network eats."""

import os

# albumentations asks the network for a newer release when it is imported.
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
