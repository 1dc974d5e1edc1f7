import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data.system.errors import UserError
from kfold.inference.photos import Photos, list_photos, name_targets, some_names


@pytest.fixture
def holiday(tmp_path):
    """A folder with photos of several formats, one of them hidden, and other files."""
    folder = tmp_path / "holiday"
    (folder / "sub").mkdir(parents=True)
    (folder / ".thumbnails").mkdir()
    for name in ("a.jpg", "b.jfif", "c.avif", "f.webp", "sub/e.JPG", ".thumbnails/a.jpg"):
        (folder / name).touch()
    for name in ("d.HEIC", "notes.txt", "clip.mpg", ".DS_Store"):
        (folder / name).touch()
    return folder


def test_a_folder_has_every_format_that_pillow_reads_and_the_rest_is_named(holiday, tmp_path):
    photos = list_photos([holiday], tmp_path / "out")
    names = {str(path.relative_to(holiday)): str(name) for path, name in photos.names.items()}
    assert names == {
        "a.jpg": "a",
        "b.jfif": "b",
        "c.avif": "c",
        "f.webp": "f",
        "sub/e.JPG": "sub/e",
    }
    assert [path.name for path in photos.left_out] == ["clip.mpg", "d.HEIC", "notes.txt"]


def test_earlier_drawings_are_no_photos(holiday):
    (holiday / "predicted").mkdir()
    (holiday / "predicted/a.png").touch()
    assert holiday / "predicted/a.png" not in list_photos([holiday], holiday / "predicted").names


def test_a_named_file_may_have_any_suffix_and_is_listed_once(holiday, tmp_path):
    photos = list_photos([holiday / "notes.txt", holiday / "a.jpg", holiday], tmp_path / "out")
    assert list(photos.names)[:2] == [holiday / "notes.txt", holiday / "a.jpg"]
    assert len(photos.names) == 6


def test_a_folder_without_a_photo_names_what_it_has(holiday, tmp_path):
    for path in holiday.iterdir():
        if path.name != "d.HEIC":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(UserError, match=r"holiday: expected photos .*found d\.HEIC"):
        list_photos([holiday], tmp_path / "out")


def test_many_names_are_cut_short():
    assert some_names([Path(f"{i}.txt") for i in range(8)]).endswith("4.txt, 3 more")


def test_photos_of_one_name_get_targets_of_their_own(tmp_path):
    names = ("a.jpg", "a.png", "A.webp", "sub/a.jpg", "other/a.jpg", "b.1.jpg", "b.2.jpg")
    photos = Photos({tmp_path / name: Path(Path(name).stem) for name in names}, [])
    targets = name_targets(photos, tmp_path / "out")
    found = [str(target.relative_to(tmp_path / "out")) for target in targets.values()]
    assert found == ["a", "a-2", "A-3", "a-4", "a-5", "b.1", "b.2"]


def test_a_drawing_never_replaces_a_photo(tmp_path):
    photo = tmp_path / "a.png"
    Image.fromarray(np.zeros((30, 30), np.uint8)).save(photo)
    with pytest.raises(UserError, match="would replace a photo"):
        name_targets(list_photos([photo], tmp_path), tmp_path)
