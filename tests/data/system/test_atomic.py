"""What is on the disk after a power failure: the order of the calls that wait for it."""

import errno
import os
from pathlib import Path

import pytest

from data.system.atomic import write_json, write_text


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """Names of the files and folders that are waited for, and of those renamed, in order."""
    calls = []
    fsync, replace = os.fsync, os.replace

    def record_fsync(descriptor):
        node = os.fstat(descriptor).st_ino
        (name,) = (path.name for path in tmp_path.rglob("*") if path.stat().st_ino == node)
        calls.append(("sync", name.partition("-")[2] or name))
        fsync(descriptor)

    def record_replace(old, new):
        calls.append(("rename", Path(new).name))
        replace(old, new)

    monkeypatch.setattr(os, "fsync", record_fsync)
    monkeypatch.setattr(os, "replace", record_replace)
    return calls


def test_a_file_is_on_the_disk_before_it_gets_its_name_and_the_name_before_the_next(
    tmp_path, calls
):
    folder = tmp_path / "fold0"
    write_json(folder / "history.json", [1])
    write_json(folder / "done.json", {})
    assert calls == [
        ("sync", "history.json"),
        ("rename", "history.json"),
        ("sync", "fold0"),
        ("sync", "done.json"),
        ("rename", "done.json"),
        ("sync", "fold0"),
    ]


def failing(code):
    def fsync(descriptor):
        raise OSError(code, os.strerror(code))

    return fsync


def test_a_file_system_that_cannot_wait_is_written_to(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", failing(errno.EINVAL))
    write_text(tmp_path / "a", "text")
    assert (tmp_path / "a").read_text() == "text"


def test_a_full_disk_that_is_noticed_late_keeps_the_old_file(tmp_path, monkeypatch):
    (tmp_path / "a").write_text("old")
    monkeypatch.setattr(os, "fsync", failing(errno.ENOSPC))
    with pytest.raises(OSError, match=r"No space left on device: .*a'"):
        write_text(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "old"
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]
