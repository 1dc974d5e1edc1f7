"""The left-right mirror of a face: the image, the coordinates and the keypoints' names."""

from __future__ import annotations

from typing import Any

import albumentations as A
import numpy as np

from data.competition import MIRROR

_PARTNER = np.array(MIRROR)


class Mirror(A.HorizontalFlip):
    """A.HorizontalFlip whose left and right keypoints also exchange their names.

    It reads one more value of the call, `axis_offset`: float (15,), in pixels, how far to the right
    of the point that mirroring would respect the annotator puts each label. A label x of keypoint k
    becomes x' = 95 + axis_offset[k] + axis_offset[k'] - x of its partner k' = MIRROR[k]; with zeros
    that is the image's own mirror. Mirroring twice is the identity for any offset.
    """

    @property
    def targets_as_params(self) -> list[str]:
        """Names of the values of a call that the parameters depend on."""
        return ["axis_offset"]

    def get_params_dependent_on_data(
        self, params: dict[str, Any], data: dict[str, Any]
    ) -> dict[str, Any]:
        """Hand the face's own `axis_offset` on to `apply_to_keypoints`."""
        return {"axis_offset": data["axis_offset"]}

    def apply_to_keypoints(
        self, keypoints: np.ndarray, axis_offset: np.ndarray, **params: Any
    ) -> np.ndarray:
        """Mirror keypoints (15, 5): x, y and the three columns albumentations adds."""
        mirrored = super().apply_to_keypoints(keypoints, **params)[_PARTNER]
        mirrored[:, 0] += axis_offset + axis_offset[_PARTNER]
        return mirrored
