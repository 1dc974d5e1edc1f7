"""What the cache makes of damaged entries, and of folders that belong to someone else."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from data.system.cache import cached

ARRAYS = {"a": np.arange(1000), "b": np.arange(6, dtype=np.uint8).reshape(2, 3)}
NOBODY = 65534


class Builds:
    """Counts how often the arrays are built."""

    count = 0

    def __call__(self):
        self.count += 1
        return {name: array.copy() for name, array in ARRAYS.items()}


@pytest.fixture
def builds():
    return Builds()


def check(folder: Path, builds: Builds, count: int) -> dict[str, np.ndarray]:
    arrays = cached(folder, "key", builds, tuple(ARRAYS))
    assert builds.count == count
    assert arrays.keys() == ARRAYS.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, ARRAYS[name])
        assert not array.flags.writeable
    return arrays


def a_file_instead_of_the_entry(entry: Path) -> None:
    shutil.rmtree(entry)
    entry.write_text("")


DAMAGES = {
    "array gone": lambda entry: (entry / "a.npy").unlink(),
    "array renamed": lambda entry: (entry / "a.npy").rename(entry / "c.npy"),
    "array cut off": lambda entry: os.truncate(entry / "a.npy", 200),
    "array empty": lambda entry: os.truncate(entry / "a.npy", 0),
    "array of text": lambda entry: (entry / "a.npy").write_text("PK\3\4"),
    "folder empty": lambda entry: [path.unlink() for path in entry.iterdir()],
    "folder instead of an array": lambda entry: (
        (entry / "b.npy").replace(entry / "x") and (entry / "b.npy").mkdir()
    ),
    "file instead of the entry": a_file_instead_of_the_entry,
    "link to nothing": lambda entry: (
        entry.rename(entry.with_name("old")) and entry.symlink_to("nowhere")
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_is_built_once_more_and_stored(tmp_path, builds, damage):
    check(tmp_path, builds, 1)
    check(tmp_path, builds, 1)
    before = {path.name for path in tmp_path.iterdir()}
    DAMAGES[damage](tmp_path / "key")
    assert isinstance(check(tmp_path, builds, 2)["a"], np.memmap)
    check(tmp_path, builds, 2)
    assert {path.name for path in tmp_path.iterdir()} - {"old"} == before  # nothing temporary


def test_arrays_that_are_mapped_outlive_a_new_entry(tmp_path, builds):
    mapped = check(tmp_path, builds, 1)
    (tmp_path / "key" / "b.npy").unlink()
    check(tmp_path, builds, 2)
    np.testing.assert_array_equal(mapped["a"], ARRAYS["a"])


def test_a_file_where_the_cache_should_be_is_kept(tmp_path, builds):
    (tmp_path / "cache").write_text("mine")
    check(tmp_path / "cache", builds, 1)
    check(tmp_path / "cache" / "below", builds, 2)
    assert (tmp_path / "cache").read_text() == "mine"


SCRIPT = """
import mmap, os, sys  # all that is needed, as the other user may not read the libraries
import numpy as np
from pathlib import Path
from data.system.cache import cached
folder, uid = Path(sys.argv[1]), int(sys.argv[2])
if os.getuid() == 0:
    os.setgroups([]); os.setgid(uid); os.setuid(uid)
built = []
def build():
    built.append(1)
    return {"a": np.arange(1000), "b": np.arange(6, dtype=np.uint8).reshape(2, 3)}
arrays = cached(folder, "key", build, ("a", "b"))
assert arrays["a"].sum() == 499500 and arrays["b"].sum() == 15
print(len(built), type(arrays["a"]).__name__)
"""


def as_another_user(folder: Path) -> str:
    """How often another user builds the arrays, and their type. Without root: this user."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), str(NOBODY)],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def open_folder():
    """An empty folder that all users may enter, other than pytest's."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def shared(open_folder, builds):
    """A cache with the arrays, writable by its owner only."""
    folder = open_folder / "cache"
    check(folder, builds, 1)
    yield folder
    for path in (folder, folder / "key"):
        path.chmod(0o755)


def test_another_users_cache_is_read(shared):
    shared.chmod(0o555)
    assert as_another_user(shared) == "0 memmap"


@pytest.mark.parametrize("path", ["", "key", "key/a.npy"])
def test_without_permission_to_read_the_arrays_are_built_without_a_cache(shared, path):
    for each in (shared, shared / "key"):
        each.chmod(0o555)  # not writable by this user either
    (shared / path).chmod(0)
    assert as_another_user(shared) == "1 ndarray"
    assert (shared / path).stat().st_mode & 0o777 == 0  # kept as it was


def test_a_damaged_entry_of_another_user_is_read_around(shared):
    (shared / "key" / "a.npy").unlink()
    for each in (shared, shared / "key"):
        each.chmod(0o555)
    assert as_another_user(shared) == "1 ndarray"


def test_without_permission_to_write_the_arrays_are_built_without_a_cache(open_folder):
    folder = open_folder / "closed" / "cache"
    folder.parent.mkdir(mode=0o555)
    assert as_another_user(folder) == "1 ndarray"
    assert not folder.exists()
