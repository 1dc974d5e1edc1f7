import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.competition import COORDINATES, FILES, LOOKUP_HEADER
from data.files import OUTER_ZIP
from data.reader import read_competition
from tests.data.file_edits import edit, line, zip_large_files


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


def unzip_beside(folder: Path) -> None:
    """What unpacking training.zip beside itself leaves."""
    zip_large_files(folder)
    for path in folder.glob("*.zip"):
        zipfile.ZipFile(path).extractall(folder)


def zip_all(folder: Path) -> None:
    zip_large_files(folder)
    with zipfile.ZipFile(folder / OUTER_ZIP, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            if path.name != OUTER_ZIP:
                archive.write(path, path.name)
                path.unlink()


def edit_all(change: Callable[[str], str]) -> Callable[[Path], None]:
    """A change of the text of all four files."""

    def change_files(folder: Path) -> None:
        for name in FILES:
            text = (folder / name).read_bytes().decode().replace("\r", "")
            (folder / name).write_text(change(text), newline="", encoding="utf-8")

    return change_files


def quote(text: str) -> str:
    return "".join(f'"{line}"\n'.replace(",", '","') for line in text.splitlines())


HARMLESS = {
    "zipped": zip_large_files,
    "in one zip": zip_all,
    "unzipped beside": unzip_beside,
    "Unix line ends": edit_all(lambda text: text),
    "Windows line ends": edit_all(lambda text: text.replace("\n", "\r\n")),
    "byte order mark": edit_all(lambda text: "\ufeff" + text),
    "no last line end": edit_all(lambda text: text.rstrip("\n")),
    "blank last lines": edit_all(lambda text: text + "\n \r\n\t\n"),
    "empty rows of a spreadsheet": edit_all(
        lambda text: text + "," * text.partition("\n")[0].count(",") + "\n"
    ),
    "blank line between": edit_all(lambda text: text.replace("\n", "\n\n", 2)),
    "quoted": edit_all(quote),
    "quoted header": edit_all(
        lambda text: quote(text[: text.index("\n")]) + text.partition("\n")[2]
    ),
    "quoted with Windows line ends and a mark": edit_all(
        lambda text: "\ufeff" + quote(text).replace("\n", "\r\n")
    ),
}


@pytest.mark.parametrize("case", HARMLESS)
def test_harmless_differences_give_the_same_data_and_checksum(plain_files, tmp_path, cache, case):
    changed = shutil.copytree(plain_files, tmp_path / "changed")
    HARMLESS[case](changed)
    one, other = (read_competition(folder, cache) for folder in (plain_files, changed))
    assert one.checksum == other.checksum
    np.testing.assert_array_equal(one.train.images, other.train.images)
    np.testing.assert_array_equal(one.train.keypoints, other.train.keypoints)
    np.testing.assert_array_equal(one.test.images, other.test.images)
    np.testing.assert_array_equal(one.lookup.rows, other.lookup.rows)
    np.testing.assert_array_equal(one.lookup.coordinates, other.lookup.coordinates)


def test_what_pandas_writes_again_is_the_same_data(plain_files, tmp_path, cache):
    saved = shutil.copytree(plain_files, tmp_path / "saved")
    pd.read_csv(saved / "training.csv").to_csv(saved / "training.csv", index=False)
    one, other = (read_competition(folder, cache) for folder in (plain_files, saved))
    assert one.checksum == other.checksum


CONTENT = {
    "pixel": ("training.csv", line(2, lambda t: t[:-1] + str((int(t[-1]) + 1) % 10))),
    "label": ("training.csv", line(3, lambda t: "12.5" + t[t.index(",") :])),
    "labels that move between keypoints": (
        "training.csv",
        line(2, lambda t: ",".join([t.split(",")[i] for i in (2, 3, 0, 1, *range(4, 31))])),
    ),
    "order of the test images": (
        "test.csv",
        lambda t: "\n".join(t.split("\n")[i] for i in (0, 2, 1, 3, 4, 5)),
    ),
}


@pytest.mark.parametrize("case", CONTENT)
def test_other_content_has_another_checksum(plain_files, cache, case):
    before = read_competition(plain_files, cache)
    edit(plain_files / CONTENT[case][0], CONTENT[case][1])
    assert read_competition(plain_files, cache).checksum != before.checksum


def test_every_form_of_a_decimal_number_is_read(plain_files, cache):
    forms = {"12.5": 12.5, "+12.5": 12.5, "1.25e1": 12.5, ".5": 0.5, "96": 96, " 7. ": 7}
    path = plain_files / "training.csv"
    for text, value in forms.items():
        edit(path, line(2, lambda t, text=text: text + t[t.index(",") :]))
        assert read_competition(plain_files, cache).train.keypoints[0, 0, 0] == value


def test_a_second_read_comes_from_the_cache_and_a_changed_file_does_not(
    plain_files, cache, monkeypatch
):
    first = read_competition(plain_files, cache)
    with monkeypatch.context() as patch:
        patch.setattr("data.reader.read_training", None)  # a second read decodes nothing
        again = read_competition(plain_files, cache)
    assert again.checksum == first.checksum
    np.testing.assert_array_equal(first.train.images, again.train.images)
    assert isinstance(again.train.images, np.memmap)
    edit(plain_files / "SampleSubmission.csv", lambda text: text.replace("1,0\n", "1,0.0\n", 1))
    assert read_competition(plain_files, cache).checksum == first.checksum
    assert len(list(cache.iterdir())) == 2
