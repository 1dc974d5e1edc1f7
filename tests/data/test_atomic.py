"""Writing files whole, and locking folders."""

from pathlib import Path

from data.atomic import locked


def test_a_lock_leaves_no_empty_folder_behind(tmp_path: Path) -> None:
    for begun in (False, True):
        folder = tmp_path / f"{begun}"
        with locked(folder):
            if begun:
                (folder / "config.json").touch()
        assert folder.exists() == begun


def test_a_lock_keeps_an_empty_folder_that_was_there(tmp_path: Path) -> None:
    with locked(tmp_path):
        pass
    assert tmp_path.is_dir()
