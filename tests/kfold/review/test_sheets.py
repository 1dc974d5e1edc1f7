"""Sheets of faces, as the page cuts them."""

import cv2
import numpy as np

from kfold.review.sheets import COLUMNS, FACES, write_sheets


def cut(folder, row):
    sheet = cv2.imread(str(folder / f"{row // FACES}.png"), cv2.IMREAD_UNCHANGED)
    top, left = (96 * place for place in divmod(row % FACES, COLUMNS))
    return sheet[top : top + 96, left : left + 96]


def test_every_face_is_on_its_sheet_pixel_by_pixel(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (57, 96, 96), np.uint8)
    write_sheets(tmp_path, images)
    for row, image in enumerate(images):
        np.testing.assert_array_equal(cut(tmp_path, row), image)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.png", "1.png", "2.png"]


def test_a_sheet_that_was_cut_is_written_again_and_others_are_left(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (30, 96, 96), np.uint8)
    write_sheets(tmp_path, images)
    first, second = (tmp_path / name for name in ("0.png", "1.png"))
    whole, before = first.read_bytes(), second.stat().st_mtime_ns
    first.write_bytes(whole[:100])
    write_sheets(tmp_path, images)
    assert first.read_bytes() == whole
    assert second.stat().st_mtime_ns == before
