import shutil
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.competition import COORDINATES, FILES, KEYPOINTS, LOOKUP_HEADER, MIRROR, SLUG
from data.errors import UserError
from data.reader import read_competition
from data.rows import _parse_pixels


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def test_reads_what_pandas_reads(plain_files, cache):
    data = read_competition(plain_files, cache)
    table = pd.read_csv(plain_files / "training.csv")
    images = np.stack([np.array(row.split(), int) for row in table["Image"]]).reshape(-1, 96, 96)
    np.testing.assert_array_equal(data.train.images, images)
    labels = table[list(COORDINATES)].to_numpy(np.float32)
    np.testing.assert_array_equal(data.train.keypoints.reshape(-1, 30), labels)
    np.testing.assert_array_equal(data.train.ids, range(6))
    np.testing.assert_array_equal(data.train.annotator, [1, 1, 1, 2, 2, 2])
    np.testing.assert_array_equal(data.test.ids, [1, 2, 3, 4])
    np.testing.assert_array_equal(data.test.annotator, [1, 1, 2, 2])
    assert np.isnan(data.test.keypoints).all()
    lookup = pd.read_csv(
        plain_files / "IdLookupTable.csv", usecols=range(3), names=LOOKUP_HEADER[:3], skiprows=1
    )
    np.testing.assert_array_equal(data.lookup.row_ids, lookup["RowId"])
    np.testing.assert_array_equal(data.test.ids[data.lookup.rows], lookup["ImageId"])
    assert [COORDINATES[c] for c in data.lookup.coordinates] == list(lookup["FeatureName"])


def zip_own(folder: Path) -> None:
    for name in ("training", "test"):
        with zipfile.ZipFile(folder / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(folder / f"{name}.csv", f"{name}.csv")
        (folder / f"{name}.csv").unlink()


def zip_all(folder: Path) -> None:
    zip_own(folder)
    with zipfile.ZipFile(folder / f"{SLUG}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            if path.name != f"{SLUG}.zip":
                archive.write(path, path.name)
                path.unlink()


@pytest.mark.parametrize("pack", [zip_own, zip_all])
def test_zipped_files_are_read_in_place(plain_files, tmp_path, cache, pack):
    plain = read_competition(plain_files, cache)
    zipped = tmp_path / "zipped"
    shutil.copytree(plain_files, zipped)
    pack(zipped)
    data = read_competition(zipped, cache)
    assert data.checksum != plain.checksum
    np.testing.assert_array_equal(data.train.images, plain.train.images)
    np.testing.assert_array_equal(data.lookup.rows, plain.lookup.rows)


def test_windows_line_ends_and_a_byte_order_mark_are_read(plain_files, cache):
    path = plain_files / "training.csv"
    before = read_competition(plain_files, cache)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    after = read_competition(plain_files, cache)
    np.testing.assert_array_equal(before.train.images, after.train.images)


@pytest.mark.parametrize("left", [0, 200])
def test_a_damaged_cache_is_built_again(plain_files, cache, left):
    whole = read_competition(plain_files, cache)
    path = next(cache.glob("*/train.images.npy"))
    content = path.read_bytes()
    path.unlink()  # what is open stays whole
    path.write_bytes(content[:left])
    again = read_competition(plain_files, cache)
    np.testing.assert_array_equal(again.train.images, whole.train.images)


def test_a_second_read_comes_from_the_cache_and_a_changed_file_does_not(plain_files, cache):
    first = read_competition(plain_files, cache)
    entry = next(cache.iterdir())
    written = {path: path.stat().st_mtime_ns for path in entry.iterdir()}
    again = read_competition(plain_files, cache)
    assert {path: path.stat().st_mtime_ns for path in entry.iterdir()} == written
    np.testing.assert_array_equal(first.train.images, again.train.images)
    assert isinstance(again.train.images, np.memmap)
    edit(plain_files / "SampleSubmission.csv", lambda text: text.replace("1,0\n", "1,0.0\n", 1))
    assert read_competition(plain_files, cache).checksum != first.checksum
    assert len(list(cache.iterdir())) == 2


def edit(path: Path, change) -> None:
    text = path.read_bytes().decode()
    changed = change(text)
    assert changed != text
    path.write_bytes(changed.encode())


def line(number: int, change):
    """An edit of one line, counted from 1."""

    def changed(text: str) -> str:
        lines = text.split("\n")
        lines[number - 1] = change(lines[number - 1])
        return "\n".join(lines)

    return changed


BROKEN = {
    "empty": ("training.csv", lambda t: "", r"training.csv: expected a header, found an empty"),
    "only a header": ("test.csv", lambda t: t.split("\n")[0], r"test.csv: expected rows"),
    "other competition": ("training.csv", line(1, lambda t: "label,pixel0"), r"line 1: .*'label'"),
    "columns swapped": (
        "training.csv",
        line(
            1,
            lambda t: t.replace(
                "left_eye_center_x,left_eye_center_y", "left_eye_center_y,left_eye_center_x"
            ),
        ),
        r"line 1: expected 31 columns with 'left_eye_center_x' as column 1",
    ),
    "column missing": ("training.csv", line(1, lambda t: t[: -len(",Image")]), r"found 30 with"),
    "pixel missing": (
        "training.csv",
        line(3, lambda t: t.rsplit(" ", 1)[0]),
        r"line 3, column Image: .* found 9215 values",
    ),
    "pixel too many": (
        "test.csv",
        line(2, lambda t: t + " 7"),
        r"test.csv, line 2, column Image: .* 9217",
    ),
    "pixel not a number": (
        "test.csv",
        line(4, lambda t: t + "x"),
        r"line 4, column Image: .* as pixel 9216",
    ),
    "pixels run together": (
        "test.csv",
        line(3, lambda t: t.replace(" ", "")),
        r"line 3, column Image: .* as pixel 1",
    ),
    "id beyond all numbers": (
        "test.csv",
        line(2, lambda t: "9" * 20 + t.removeprefix("1")),
        r"line 2, column ImageId: expected a whole number from 1, found '9{20}'",
    ),
    "pixel negative": (
        "test.csv",
        line(2, lambda t: t.replace(" ", " -", 1)),
        r"line 2, column Image: .*'-\d+' as pixel 2",
    ),
    "pixel out of range": (
        "test.csv",
        line(2, lambda t: t.rsplit(" ", 1)[0] + " 256"),
        r"'256' as pixel 9216",
    ),
    "field too many": (
        "training.csv",
        line(2, lambda t: "1," + t),
        r"line 2: expected 31 fields, found 32",
    ),
    "label not a number": (
        "training.csv",
        line(5, lambda t: "left" + t[t.index(",") :]),
        r"line 5, column left_eye_center_x: .*'left'",
    ),
    "label out of range": (
        "training.csv",
        line(2, lambda t: "97.5" + t[t.index(",") :]),
        r"line 2, column left_eye_center_x: .*'97.5'",
    ),
    "label infinite": (
        "training.csv",
        line(2, lambda t: "inf" + t[t.index(",") :]),
        r"column left_eye_center_x: .*'inf'",
    ),
    "half a label": (
        "training.csv",
        line(2, lambda t: t[t.index(",") :]),
        r"line 2: expected both coordinates of left_eye_center",
    ),
    "no labels": (
        "training.csv",
        lambda t: "\n".join(
            row if i == 0 or not row else "," * 30 + row.rsplit(",", 1)[1]
            for i, row in enumerate(t.split("\n"))
        ),
        r"training.csv: expected labels .* found none",
    ),
    "image id twice": (
        "test.csv",
        line(3, lambda t: "1" + t[t.index(",") :]),
        r"line 3, column ImageId: 1 appears twice",
    ),
    "image id not a number": (
        "test.csv",
        line(3, lambda t: "two" + t[t.index(",") :]),
        r"line 3, column ImageId: .*'two'",
    ),
    "unknown keypoint": (
        "IdLookupTable.csv",
        line(2, lambda t: "1,1,left_ear_x\r"),
        r"line 2, column FeatureName: .*'left_ear_x'",
    ),
    "unknown image": (
        "IdLookupTable.csv",
        line(2, lambda t: "1,99,left_eye_center_x\r"),
        r"line 2, column ImageId: 99 is not in test.csv",
    ),
    "row id twice": (
        "IdLookupTable.csv",
        line(3, lambda t: "1" + t[t.index(",") :]),
        r"line 3, column RowId: 1 appears twice",
    ),
    "value asked twice": (
        "IdLookupTable.csv",
        line(3, lambda t: "2,1,left_eye_center_x\r"),
        r"line 3: left_eye_center_x of image 1 is asked for twice",
    ),
    "two fields": (
        "IdLookupTable.csv",
        line(3, lambda t: "2,1\r"),
        r"line 3: expected 3 fields, found 2",
    ),
    "sample too short": (
        "SampleSubmission.csv",
        lambda t: t[: t.rindex("\n", 0, -1) + 1],
        r"SampleSubmission.csv: expected the 76 rows",
    ),
    "sample out of order": (
        "SampleSubmission.csv",
        line(2, lambda t: "7,0"),
        r"line 2, column RowId: expected 1 .* found 7",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_wrong_file_is_refused_with_its_place_and_leaves_nothing(plain_files, cache, case):
    name, change, message = BROKEN[case]
    edit(plain_files / name, change)
    with pytest.raises(UserError, match=message):
        read_competition(plain_files, cache)
    assert not cache.exists()


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(plain_files, cache, name):
    (plain_files / name).unlink()
    with pytest.raises(UserError, match=rf"expected {name} or .* Run `make download`"):
        read_competition(plain_files, cache)


def test_a_missing_folder_is_named(tmp_path, cache):
    with pytest.raises(UserError, match="nowhere: no such folder"):
        read_competition(tmp_path / "nowhere", cache)


@pytest.mark.parametrize(
    "damage", [lambda b: b[: len(b) // 2], lambda b: b[:2000] + b"\0" * 200 + b[2200:]]
)
def test_a_damaged_zip_is_refused(plain_files, cache, damage):
    zip_own(plain_files)
    path = plain_files / "training.zip"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UserError, match=r"training.zip: expected a complete zip with training.csv"):
        read_competition(plain_files, cache)
    assert not cache.exists()


def test_the_zip_of_something_else_is_refused(plain_files, cache):
    (plain_files / "training.csv").unlink()
    with zipfile.ZipFile(plain_files / "training.zip", "w") as archive:
        archive.writestr("titanic.csv", "x")
    with pytest.raises(
        UserError, match=r"training.zip: expected training.csv in it, found titanic"
    ):
        read_competition(plain_files, cache)


@given(st.integers(0, 2**32 - 1), st.integers(0, 255))
def test_pixels_survive_the_round_trip_through_text(seed, largest):
    pixels = np.random.default_rng(seed).integers(0, largest + 1, 9216)
    text = " ".join(map(str, pixels)).encode()
    np.testing.assert_array_equal(_parse_pixels(text, "here").ravel(), pixels)


def test_mirrored_names_swap_left_and_right():
    assert [MIRROR[m] for m in MIRROR] == list(range(15))
    for keypoint, mirrored in zip(KEYPOINTS, MIRROR, strict=True):
        other = KEYPOINTS[mirrored]
        assert other.replace("left", "X").replace("right", "left").replace("X", "right") == keypoint
