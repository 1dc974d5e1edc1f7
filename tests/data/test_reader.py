import shutil
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.competition import COORDINATES, LOOKUP_HEADER
from data.files import OUTER_ZIP
from data.reader import read_competition
from tests.data.file_edits import edit, zip_large_files


def test_arrays_equal_what_pandas_reads(plain_files, cache):
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


def zip_all(folder: Path) -> None:
    zip_large_files(folder)
    with zipfile.ZipFile(folder / OUTER_ZIP, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            if path.name != OUTER_ZIP:
                archive.write(path, path.name)
                path.unlink()


@pytest.mark.parametrize("pack", [zip_large_files, zip_all])
def test_zipped_files_are_read(plain_files, tmp_path, cache, pack):
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
    path.unlink()  # open memory maps stay valid
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
