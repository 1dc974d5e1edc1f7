"""The demo's files have exactly the form of Kaggle's, and the flaws of its record."""

import csv
import io
import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data.competition import (
    COORDINATES,
    FILES,
    IMAGE_SIZE,
    LOOKUP_FILE,
    LOOKUP_HEADER,
    SAMPLE_SUBMISSION_FILE,
    TEST_HEADER,
    TRAINING_HEADER,
)
from data.demo import RECORD_FILE, SOLUTION_FILE, Demo, main, write_demo
from data.reader import Competition, read_competition
from data.rendering.demo_faces import LABEL_SIGMA, demo_faces
from data.system.errors import UserError

TRAIN, TEST = 60, 18


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo") / "rendered"
    write_demo(Demo(out, TRAIN, TEST, seed=5))
    return out


@pytest.fixture(scope="module")
def read(folder: Path) -> Competition:
    return read_competition(folder, folder.parent / "cache")


def zipped_rows(folder: Path, name: str) -> list[list[str]]:
    with zipfile.ZipFile(folder / f"{name}.zip") as archive:
        assert archive.namelist() == [f"{name}.csv"]
        text = archive.read(f"{name}.csv").decode()
    assert "\r" not in text
    assert text.endswith("\n")
    return list(csv.reader(io.StringIO(text)))


def lines(path: Path, end: bytes) -> list[list[str]]:
    content = path.read_bytes()
    assert content.endswith(end)
    assert content.count(b"\n") == content.count(end)
    assert content.count(b"\r") == end.count(b"\r") * content.count(b"\n")
    return [line.split(",") for line in content.decode().split(end.decode())[:-1]]


def record(folder: Path) -> dict:
    return json.loads((folder / RECORD_FILE).read_text())


def test_training_file(folder: Path) -> None:
    header, *rows = zipped_rows(folder, "training")
    assert tuple(header) == TRAINING_HEADER
    assert len(rows) == TRAIN
    for row in rows:
        assert len(row) == len(header)
        assert all(0 <= float(label) <= IMAGE_SIZE - 1 for label in row[:-1] if label)
        pixels = row[-1].split(" ")
        assert len(pixels) == IMAGE_SIZE**2
        assert all(pixel.isdigit() and int(pixel) < 256 for pixel in pixels)


def test_test_file(folder: Path) -> None:
    header, *rows = zipped_rows(folder, "test")
    assert tuple(header) == TEST_HEADER
    assert [int(image_id) for image_id, _ in rows] == list(range(1, TEST + 1))


def test_lookup_table_sample_submission_and_solution_agree(folder: Path) -> None:
    header, *lookup = lines(folder / LOOKUP_FILE, b"\r\n")
    assert tuple(header) == LOOKUP_HEADER
    assert {len(row) for row in lookup} == {3}
    assert [int(row[0]) for row in lookup] == list(range(1, len(lookup) + 1))
    order = [(int(image), COORDINATES.index(name)) for _, image, name in lookup]
    assert order == sorted(set(order))

    sample = lines(folder / SAMPLE_SUBMISSION_FILE, b"\n")
    assert sample[0] == ["RowId", "Location"]
    assert sample[1:] == [[row[0], "0"] for row in lookup]

    header, *solution = lines(folder / SOLUTION_FILE, b"\n")
    assert header == ["RowId", "Location", "Usage"]
    assert [row[0] for row in solution] == [row[0] for row in lookup]
    usage = {}
    for (image, _), (_, location, half) in zip(order, solution, strict=True):
        assert 0 <= float(location) <= IMAGE_SIZE - 1
        assert usage.setdefault(image, half) == half
    assert sorted(usage.values()) == ["Private"] * (TEST // 2) + ["Public"] * (TEST // 2)


def test_annotators(read: Competition) -> None:
    for faces, points in (
        (read.train, read.train.labelled.sum(axis=1)),
        (read.test, np.bincount(read.lookup.rows) // 2),
    ):
        first = len(faces) // 3
        assert faces.annotator.tolist() == [1] * first + [2] * (len(faces) - first)
        assert np.median(points[:first]) == 15
        assert points[:first].min() > 4
        assert np.median(points[first:]) == 4
        assert points[first:].min() >= 3


def test_some_labels_are_missing(read: Competition) -> None:
    points = read.train.labelled.sum(axis=1)
    for annotator, complete in ((1, 15), (2, 4)):
        incomplete = points[read.train.annotator == annotator] < complete
        assert 0 < incomplete.mean() < 0.4


def test_duplicates_have_labels_of_their_own(folder: Path, read: Competition) -> None:
    for name, faces in (("training", read.train), ("test", read.test)):
        flaws = record(folder)["flaws"][name]
        assert flaws["duplicates"]
        assert flaws["retakes"]
        copies = {int(row): source for row, source in flaws["duplicates"].items()}
        images = faces.images.reshape(len(faces), -1)
        assert len(np.unique(images, axis=0)) == len(faces) - len(copies)
        for row, source in copies.items():
            np.testing.assert_array_equal(images[row], images[source])
    copies = record(folder)["flaws"]["training"]["duplicates"]
    labels = read.train.keypoints[:, :2]
    apart = [labels[int(row)] - labels[source] for row, source in copies.items()]
    assert LABEL_SIGMA / 2 < np.nanstd(apart) < 3 * LABEL_SIGMA


def test_a_person_may_have_many_photographs() -> None:
    faces, flaws = demo_faces(20, np.random.SeedSequence(4), (0, 0), retake_share=0.7)
    people, photographs = np.unique(flaws.source, return_counts=True)
    assert flaws.retaken.sum() == 14
    assert len(people) <= 5
    assert photographs.max() > 2
    assert len(np.unique(faces.images, axis=0)) == 19  # one is a duplicate


def test_retakes_show_the_same_face(folder: Path, read: Competition) -> None:
    images = read.train.images.reshape(TRAIN, -1).astype(float)
    likeness = np.corrcoef(images)
    for row, source in record(folder)["flaws"]["training"]["retakes"].items():
        assert not np.array_equal(images[int(row)], images[source])
        assert likeness[int(row), source] > 0.9


def test_no_face_is_in_both_sets(read: Competition) -> None:
    images = np.concatenate([read.train.images, read.test.images]).reshape(TRAIN + TEST, -1)
    assert np.corrcoef(images)[:TRAIN, TRAIN:].max() < 0.97


def test_a_few_rows_are_labelled_wrong() -> None:
    seed, wrong_share = 11, 0.2
    right, _ = demo_faces(15, np.random.SeedSequence(seed), (0, 0))
    faces, flaws = demo_faces(15, np.random.SeedSequence(seed), (0, 0), wrong_share)
    distance = np.nanmax(np.linalg.norm(faces.keypoints - right.keypoints, axis=-1), axis=1)
    assert flaws.wrong.sum() == 3
    assert (distance[flaws.wrong] > 8).all()
    assert (distance[~flaws.wrong] == 0).all()


def test_mirror_offset_moves_each_annotators_labels() -> None:
    plain, _ = demo_faces(10, np.random.SeedSequence(3), (0.0, 0.0))
    offset, _ = demo_faces(10, np.random.SeedSequence(3), (1.5, -0.75))
    np.testing.assert_array_equal(offset.images, plain.images)
    moved = offset.keypoints - plain.keypoints
    expected = np.where(plain.annotator == 1, 1.5, -0.75)[:, None, None] * np.array([1, 0])
    labelled = plain.labelled
    np.testing.assert_array_equal(offset.labelled, labelled)
    np.testing.assert_allclose(
        moved[labelled], np.broadcast_to(expected, moved.shape)[labelled], atol=1e-5
    )


@pytest.fixture(scope="module")
def smallest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The smallest demo there can be, of seed 1."""
    out = tmp_path_factory.mktemp("smallest") / "rendered"
    write_demo(Demo(out, 10, 10, seed=1))
    return out


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_same_seed_same_bytes(smallest: Path, tmp_path: Path) -> None:
    write_demo(Demo(tmp_path, 10, 10, seed=1))
    assert contents(tmp_path) == contents(smallest)
    assert sorted(contents(smallest)) == sorted(
        ["training.zip", "test.zip", *FILES[2:], SOLUTION_FILE, RECORD_FILE]
    )


def test_a_complete_demo_is_left_as_it_is(
    smallest: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    folder = shutil.copytree(smallest, tmp_path / "demo")
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    main(Demo(folder, 10, 10, seed=1))
    assert "already holds" in capsys.readouterr().out
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


@pytest.mark.parametrize("seed", [1, 2])
def test_an_incomplete_or_another_demo_is_replaced(
    smallest: Path, tmp_path: Path, capsys: pytest.CaptureFixture, seed: int
) -> None:
    folder = shutil.copytree(smallest, tmp_path / "demo")
    if seed == 1:
        (folder / SOLUTION_FILE).unlink()
    main(Demo(folder, 10, 10, seed=seed))
    assert f"{folder}: wrote 10 training faces" in capsys.readouterr().out
    assert record(folder)["settings"]["seed"] == seed
    assert (contents(folder) == contents(smallest)) == (seed == 1)
    for name in ("training.zip", "test.zip"):
        assert (contents(folder)[name] == contents(smallest)[name]) == (seed == 1)


def test_files_of_another_origin_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "training.csv").write_text("precious")
    with pytest.raises(UserError, match=r"training\.csv without demo\.json"):
        write_demo(Demo(tmp_path, 10, 10))
    assert [path.name for path in tmp_path.iterdir()] == ["training.csv"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (Demo(train=9), "--train: expected at least 10 faces, found 9"),
        (Demo(test=0), "--test: expected at least 10 faces, found 0"),
        (Demo(seed=-1), "--seed: expected 0 or more, found -1"),
        (Demo(mirror_offset=(0.0, 5.0)), "--mirror-offset: expected pixels from -4.0 to 4.0"),
    ],
)
def test_invalid_settings_are_refused(config: Demo, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        write_demo(replace(config, data=tmp_path))
    assert not list(tmp_path.iterdir())
