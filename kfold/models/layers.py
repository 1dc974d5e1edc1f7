"""Custom layers, for operations that Keras has no layer for."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from data.competition import ANNOTATORS, IMAGE_SIZE, KEYPOINTS, MIRROR, SECOND_ANNOTATOR


@keras.saving.register_keras_serializable("kfold")
class Scale(layers.Layer):
    """Multiplies by one learned scalar, which starts at `start` (as SkipInit; De & Smith, 2020)."""

    def __init__(self, start: float, **options: Any) -> None:
        super().__init__(**options)
        self.start = start
        self.factor = self.add_weight(
            shape=(), initializer=keras.initializers.Constant(start), name="factor"
        )

    def call(self, x: Any) -> Any:
        """Scale a tensor of any shape."""
        return x * ops.cast(self.factor, x.dtype)

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        return {**super().get_config(), "start": self.start}


@keras.saving.register_keras_serializable("kfold")
class FusedBatchNormalization(layers.BatchNormalization):
    """Batch norm over (B, h, w, C) that trains by TensorFlow's fused operation where it is used.

    Keras computes it in a dozen operations that each pass over the features; oneDNN in one.
    """

    def call(self, x: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalize; with `training` by the batch's own mean and variance."""
        if not (training and self.trainable) or keras.backend.backend() != "tensorflow":
            return super().call(x, training=training, mask=mask)
        import tensorflow as tf

        normalized, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            x, self.gamma, self.beta, epsilon=self.epsilon
        )
        for moving, of_batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(self.momentum * moving + (1 - self.momentum) * of_batch)
        return normalized


def _choice() -> np.ndarray:
    """One-hot matrices that select each annotator's maps from all 15 + 4, float32 (2, 19, 15)."""
    maps = np.arange(len(KEYPOINTS))
    second = maps.copy()
    second[list(SECOND_ANNOTATOR)] = len(KEYPOINTS) + np.arange(len(SECOND_ANNOTATOR))
    one_hot = np.eye(len(KEYPOINTS) + len(SECOND_ANNOTATOR), dtype=np.float32)
    return np.stack([one_hot[maps], one_hot[second]]).transpose(0, 2, 1)


_CHOICE = _choice()


@keras.saving.register_keras_serializable("kfold")
class ChooseAnnotator(layers.Layer):
    """Selects the maps of each face's annotator: (B, h, w, 15 + 4) to (B, h, w, 15).

    For keypoints that the second annotator does not label, it selects the first annotator's. The
    selection is a weight that is not trained, since it may be changed once it is known which maps
    were trained (see `replace_untrained`).
    """

    def build(self, shapes: Any) -> None:
        """Create the selection, one-hot matrices (2 annotators, 19, 15)."""
        start = keras.initializers.Constant(_CHOICE)
        self.choice = self.add_weight(
            shape=_CHOICE.shape, initializer=start, trainable=False, name="choice"
        )

    def replace_untrained(self, learned: np.ndarray) -> None:
        """Select the other annotator's map for what an annotator's map could not learn.

        A keypoint that neither learned gets no map at all, and so the image's centre.

        Args:
            learned: bool (2 annotators, 15).
        """
        choice = np.where(learned[:, None], _CHOICE, _CHOICE[::-1])
        self.choice.assign(choice * learned.any(axis=0))

    def call(self, inputs: tuple[Any, Any]) -> Any:
        """Select from `inputs`, maps (B, h, w, 19) and annotator (B,), 1 or 2."""
        maps, annotator = inputs
        # A product with a one-hot matrix: slices and gathers are slower, above all backward.
        chosen = ops.take(self.choice, annotator - 1, axis=0)
        flat = ops.reshape(maps, (-1, math.prod(maps.shape[1:-1]), maps.shape[-1]))
        return ops.reshape(flat @ chosen, (-1, *maps.shape[1:-1], len(KEYPOINTS)))

    def compute_output_shape(self, shapes: Any) -> Any:
        """Shape (B, h, w, 15)."""
        return (*shapes[0][:-1], len(KEYPOINTS))


@keras.saving.register_keras_serializable("kfold")
class SoftArgmax(layers.Layer):
    """Softmax over each heatmap, and its mean position (Nibali et al., 2018; Sun et al., 2018).

    With `ring`, the outermost cells form a ring around the image (see `cell_centres`), without
    which no mean could lie near its edge. Each heatmap has a learned sharpness (the logarithm of an
    inverse temperature).
    """

    def __init__(self, ring: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.ring = ring

    def build(self, shape: Any) -> None:
        """Create the sharpness of each of the K heatmaps."""
        self.sharpness = self.add_weight(shape=(shape[-1],), initializer="zeros", name="sharpness")

    def call(self, logits: Any) -> tuple[Any, Any]:
        """Map logits (B, h, w, K) to log-probabilities (B, h, w, K) and pixels (B, K, 2)."""
        _, height, width, keypoints = logits.shape
        flat = ops.reshape(logits * ops.exp(self.sharpness), (-1, height * width, keypoints))
        log_maps = ops.reshape(ops.log_softmax(flat, axis=1), (-1, height, width, keypoints))
        maps = ops.exp(log_maps)
        x = ops.einsum("bhwk,w->bk", maps, cell_centres(width, self.ring))
        y = ops.einsum("bhwk,h->bk", maps, cell_centres(height, self.ring))
        return log_maps, ops.stack([x, y], axis=-1)

    def compute_output_shape(self, shape: Any) -> Any:
        """Shapes (B, h, w, K) and (B, K, 2)."""
        return shape, (shape[0], shape[-1], 2)

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        return {**super().get_config(), "ring": self.ring}


@keras.saving.register_keras_serializable("kfold")
class AxisOffset(layers.Layer):
    """Learned horizontal offset d of each annotator's keypoints from the face's mirror axis.

    Annotators place labels d pixels to the right of the symmetric point; in a mirrored image the
    mirrored labels are d pixels to the left, and a network trained on both learns neither. So the
    heatmaps learn the symmetric point, and this layer learns d for each annotator and keypoint: it
    is added in upright faces and subtracted in mirrored ones. Both keypoints of a left-right pair
    share one d, because moving them apart is symmetric, which the heatmaps can learn. So is any
    vertical offset, which mirroring keeps.
    """

    def build(self, shapes: Any) -> None:
        """Create an offset for each annotator and keypoint, in image widths."""
        self.offset = self.add_weight(
            shape=(len(ANNOTATORS) * len(KEYPOINTS),), initializer="zeros", name="offset"
        )

    def pixels(self) -> Any:
        """The offsets d in pixels, (2 annotators, 15)."""
        each = IMAGE_SIZE * ops.reshape(self.offset, (len(ANNOTATORS), len(KEYPOINTS)))
        return (each + ops.take(each, MIRROR, axis=1)) / 2

    def replace_untrained(self, learned: np.ndarray) -> None:
        """Take the other annotator's offsets for keypoints not learned, bool (2, 15)."""
        offset = np.asarray(self.offset).reshape(learned.shape)
        self.offset.assign(np.where(learned, offset, offset[::-1]).ravel())

    def call(self, inputs: tuple[Any, Any]) -> Any:
        """Map annotator (B,), 1 or 2, and mirrored (B,), 0 or 1, to pixels (B, 15, 2)."""
        annotator, mirrored = inputs
        first, second = ops.unstack(self.pixels(), len(ANNOTATORS))
        x = ops.where(annotator[:, None] == 1, first, second)
        x = x * (1 - 2 * ops.cast(mirrored[:, None], "float32"))
        return ops.stack([x, ops.zeros_like(x)], axis=-1)

    def compute_output_shape(self, shapes: Any) -> Any:
        """Shape (B, 15, 2)."""
        return (shapes[0][0], len(KEYPOINTS), 2)


def cell_centres(cells: int, ring: bool = True) -> np.ndarray:
    """Positions in pixels of a heatmap's cell centres along one axis, float32 (cells,).

    Args:
        cells: along the axis.
        ring: whether the first and the last lie beyond the image, which the others cover evenly:
            26 cells are centred at -2.5, 1.5, ..., 93.5, 97.5, and 24 without a ring at 1.5, ...,
            93.5.
    """
    beyond = 1 if ring else 0
    pitch = IMAGE_SIZE / (cells - 2 * beyond)
    return ((np.arange(cells) - beyond + 0.5) * pitch - 0.5).astype(np.float32)
