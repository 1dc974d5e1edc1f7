import random
from dataclasses import replace

import keras
import numpy as np
import pytest

from augment.batches import Batches
from augment.policies import POLICIES

SIZE = 16
"""Faces per batch."""


def epochs(batches, count=2):
    """The batches of `count` epochs, requested as Keras does."""
    found = []
    for _ in range(count):
        batches.on_epoch_begin()
        found.append([batches[i] for i in range(len(batches))])
        batches.on_epoch_end()
    return found


def assert_same(first, second):
    for (inputs, keypoints), (others, other_keypoints) in zip(first, second, strict=True):
        np.testing.assert_array_equal(inputs["image"], others["image"])
        np.testing.assert_array_equal(inputs["annotator"], others["annotator"])
        np.testing.assert_array_equal(keypoints, other_keypoints)


def ids(faces, batches):
    """The rows of `faces` that the batches contain, identified by their first pixels."""
    row_of = {image[0].tobytes(): row for row, image in enumerate(faces.images)}
    return [row_of[image[0].tobytes()] for inputs, _ in batches for image in inputs["image"]]


class RecordedBatches(Batches):
    """Records the batches that `fit` received within epochs."""

    in_epoch = False

    def on_epoch_begin(self):
        super().on_epoch_begin()
        self.in_epoch = True

    def on_epoch_end(self):
        super().on_epoch_end()
        self.in_epoch = False

    def __getitem__(self, index):
        batch = super().__getitem__(index)
        if self.in_epoch:
            self.recorded.append(batch)
        return batch


def tiny_model():
    image = keras.Input((96, 96, 1), name="image", dtype="uint8")
    annotator = keras.Input((), name="annotator", dtype="int32")
    means = keras.layers.Flatten()(
        keras.layers.AveragePooling2D(48)(keras.ops.cast(image, "float32"))
    )
    points = keras.layers.Reshape((15, 2))(keras.layers.Dense(30)(means))
    mirrored = keras.Input((), name="mirrored", dtype="int32")
    inputs = {"image": image, "annotator": annotator, "mirrored": mirrored}
    model = keras.Model(inputs, points)
    model.compile("sgd", lambda y, points: keras.ops.mean(points) * 0)
    return model


def test_a_batch_has_the_inputs_of_every_network(faces):
    inputs, keypoints = Batches(faces, SIZE, POLICIES["standard"], 0)[0]
    found = {name: (array.shape, array.dtype) for name, array in inputs.items()}
    assert found == {
        "image": ((SIZE, 96, 96, 1), np.uint8),
        "annotator": ((SIZE,), np.int32),
        "mirrored": ((SIZE,), np.int32),
    }
    assert (keypoints.shape, keypoints.dtype) == ((SIZE, 15, 2), np.float32)
    assert np.isnan(keypoints).any()


def test_images_keypoints_and_annotators_stay_together(faces):
    batches = Batches(faces, SIZE, POLICIES["none"], 0)
    for inputs, keypoints in epochs(batches, 1)[0]:
        rows = ids(faces, [(inputs, keypoints)])
        np.testing.assert_array_equal(inputs["annotator"], faces.annotator[rows])
        np.testing.assert_array_equal(keypoints, faces.keypoints[rows])


def test_every_epoch_has_a_new_order_and_drops_the_remainder(faces):
    first, second = (
        ids(faces, epoch) for epoch in epochs(Batches(faces, SIZE, POLICIES["none"], 0))
    )
    assert len(first) == len(second) == len(faces) // SIZE * SIZE
    assert len(set(first)) == len(first)
    assert first != second
    assert set(first) != set(second)


def test_every_batch_has_its_own_random_draws(faces):
    twins = faces[np.zeros(2 * SIZE, int)]
    first, second = epochs(Batches(twins, SIZE, POLICIES["standard"], 0))
    assert len({inputs["image"].tobytes() for inputs, _ in first + second}) == 4


def test_fewer_faces_than_a_batch_make_one(faces):
    (only,) = epochs(Batches(faces[:5], SIZE, POLICIES["none"], 0), 1)[0]
    assert sorted(ids(faces, [only])) == [0, 1, 2, 3, 4]


def test_workers_do_not_change_the_batches_even_across_epochs(faces, tmp_path):
    np.save(tmp_path / "images.npy", faces.images)
    mapped = replace(faces, images=np.load(tmp_path / "images.npy", mmap_mode="r"))
    expected = epochs(Batches(faces, SIZE, POLICIES["strong"], 5), 3)
    with Batches(mapped, SIZE, POLICIES["strong"], 5, workers=2) as batches:
        for one, other in zip(expected, epochs(batches, 3), strict=True):
            assert_same(one, other)
    other_seed = epochs(Batches(faces, SIZE, POLICIES["strong"], 6), 1)
    assert not np.array_equal(expected[0][0][0]["image"], other_seed[0][0][0]["image"])


@pytest.mark.parametrize("workers", [0, 1])
def test_fit_receives_every_batch_once_per_epoch_in_order(faces, workers):
    expected = epochs(Batches(faces, SIZE, POLICIES["standard"], 1), 3)
    random.seed(workers)  # Keras shuffles the indices with it
    with RecordedBatches(faces, SIZE, POLICIES["standard"], 1, workers=workers) as batches:
        batches.recorded = []
        tiny_model().fit(batches, epochs=3, verbose=0)
    assert_same([batch for epoch in expected for batch in epoch], batches.recorded)


def test_downsampled_batches_show_the_same_faces(faces):
    (inputs, keypoints), *_ = epochs(Batches(faces, SIZE, POLICIES["standard"], 3), 1)[0]
    (small, points), *_ = epochs(Batches(faces, SIZE, POLICIES["standard"], 3, size=48), 1)[0]
    assert small["image"].shape == (SIZE, 48, 48, 1)
    np.testing.assert_array_equal(points, keypoints)
    blocks = inputs["image"].reshape(SIZE, 48, 2, 48, 2).mean(axis=(2, 4))
    assert np.abs(small["image"][..., 0] - blocks).max() <= 0.5
