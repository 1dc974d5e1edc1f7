"""The layers that Keras has not, each a line of arithmetic with a reason."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from data.competition import ANNOTATORS, IMAGE_SIZE, KEYPOINTS, MIRROR, SECOND_ANNOTATOR


@keras.saving.register_keras_serializable("kfold")
class Scale(layers.Layer):
    """Multiply by one learned number."""

    def __init__(self, start: float, **options: Any) -> None:
        super().__init__(**options)
        self.start = start
        self.factor = self.add_weight(
            shape=(), initializer=keras.initializers.Constant(start), name="factor"
        )

    def call(self, x: Any) -> Any:
        """Any shape in, the same out."""
        return x * ops.cast(self.factor, x.dtype)

    def get_config(self) -> dict[str, Any]:
        """What the constructor needs."""
        return {**super().get_config(), "start": self.start}


@keras.saving.register_keras_serializable("kfold")
class Standardize(layers.Layer):
    """Gray values to zero mean and unit spread, each image by itself."""

    def call(self, image: Any) -> Any:
        """(B, 96, 96, 1) in 0-255 to about -2 to 2; a flat image becomes zeros."""
        x = ops.cast(image, self.compute_dtype) / 64
        x = x - ops.mean(x, (1, 2), keepdims=True)
        return x * ops.rsqrt(ops.mean(x**2, (1, 2), keepdims=True) + 0.02)


def _choice() -> np.ndarray:
    """For each annotator which of the 15 + 4 maps is which keypoint's, float32 (2, 19, 15)."""
    maps = np.arange(len(KEYPOINTS))
    second = maps.copy()
    second[list(SECOND_ANNOTATOR)] = len(KEYPOINTS) + np.arange(len(SECOND_ANNOTATOR))
    one_hot = np.eye(len(KEYPOINTS) + len(SECOND_ANNOTATOR), dtype=np.float32)
    return np.stack([one_hot[maps], one_hot[second]]).transpose(0, 2, 1)


_CHOICE = _choice()


@keras.saving.register_keras_serializable("kfold")
class ChooseAnnotator(layers.Layer):
    """From maps (B, h, w, 15 + 4) of both annotators take each face's own: (B, h, w, 15).

    A point that the second annotator does not label is the first one's.
    """

    def call(self, inputs: tuple[Any, Any]) -> Any:
        """Maps and annotator (B,) to maps."""
        maps, annotator = inputs
        # A product with zeros and ones: slices and gathers cost more, forth and above all back.
        chosen = ops.take(_CHOICE, annotator - 1, axis=0)
        flat = ops.reshape(maps, (-1, math.prod(maps.shape[1:-1]), maps.shape[-1]))
        return ops.reshape(flat @ chosen, (-1, *maps.shape[1:-1], len(KEYPOINTS)))

    def compute_output_shape(self, shapes: Any) -> Any:
        """One map a keypoint."""
        return (*shapes[0][:-1], len(KEYPOINTS))


@keras.saving.register_keras_serializable("kfold")
class SoftArgmax(layers.Layer):
    """Softmax over each map and its mean position (Nibali et al., 2018; Sun et al., 2018).

    A map of h x w cells covers the image evenly: cell i is centred at (i + 1/2) 96/h - 1/2 px. The
    softmax's sharpness is learned for each map.
    """

    def build(self, shape: Any) -> None:
        """Add a sharpness for each of the K maps."""
        self.sharpness = self.add_weight(shape=(shape[-1],), initializer="zeros", name="sharpness")

    def call(self, logits: Any) -> tuple[Any, Any]:
        """Logits (B, h, w, K) to log-probabilities of that shape and pixels (B, K, 2)."""
        _, height, width, keypoints = logits.shape
        flat = ops.reshape(logits * ops.exp(self.sharpness), (-1, height * width, keypoints))
        log_maps = ops.reshape(ops.log_softmax(flat, axis=1), (-1, height, width, keypoints))
        maps = ops.exp(log_maps)
        x = ops.einsum("bhwk,w->bk", maps, cell_centres(width))
        y = ops.einsum("bhwk,h->bk", maps, cell_centres(height))
        return log_maps, ops.stack([x, y], axis=-1)

    def compute_output_shape(self, shape: Any) -> Any:
        """Maps and points."""
        return shape, (shape[0], shape[-1], 2)


@keras.saving.register_keras_serializable("kfold")
class AxisOffset(layers.Layer):
    """How far to the right of the face's own mirror axis each annotator puts each keypoint.

    Were it always 0, mirrored faces with mirrored labels would be as good as others. It is not:
    labels that sit d pixels to the right do so in the mirrored image's mirrored labels to the
    left, and a network trained on both learns neither. So the maps learn the symmetric point and
    this layer the d of each annotator and keypoint, added in faces as they are, subtracted in
    mirrored ones. Both keypoints of a pair share a d: were they free to move apart, the maps could.
    """

    def build(self, shapes: Any) -> None:
        """Add a number for each annotator and keypoint, in image widths."""
        self.offset = self.add_weight(
            shape=(len(ANNOTATORS) * len(KEYPOINTS),), initializer="zeros", name="offset"
        )

    def pixels(self) -> Any:
        """The offsets d, (2 annotators, 15)."""
        each = IMAGE_SIZE * ops.reshape(self.offset, (len(ANNOTATORS), len(KEYPOINTS)))
        return (each + ops.take(each, MIRROR, axis=1)) / 2

    def call(self, inputs: tuple[Any, Any]) -> Any:
        """Annotator (B,), 1 or 2, and mirrored (B,), 0 or 1, to pixels (B, 15, 2)."""
        annotator, mirrored = inputs
        first, second = ops.unstack(self.pixels(), len(ANNOTATORS))
        x = ops.where(annotator[:, None] == 1, first, second)
        x = x * (1 - 2 * ops.cast(mirrored[:, None], "float32"))
        return ops.stack([x, ops.zeros_like(x)], axis=-1)

    def compute_output_shape(self, shapes: Any) -> Any:
        """A shift for each keypoint."""
        return (shapes[0][0], len(KEYPOINTS), 2)


def cell_centres(cells: int) -> np.ndarray:
    """Position in pixels of the centres of a map's cells along one axis, float32 (cells,)."""
    return ((np.arange(cells) + 0.5) * IMAGE_SIZE / cells - 0.5).astype(np.float32)
