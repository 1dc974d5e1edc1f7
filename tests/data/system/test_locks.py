import errno
import fcntl
import os
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from threading import Thread

import pytest

from data.system.locks import locked

ROOT = Path(__file__).parents[3]

HOLD = """
import sys, time
from pathlib import Path
from data.system.locks import locked

with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("used", [False, True])
def test_a_new_folder_is_removed_if_it_stays_empty(tmp_path: Path, used: bool) -> None:
    folder = tmp_path / "new" / "folder"
    with locked(folder):
        if used:
            (folder / "config.json").touch()
    assert folder.exists() == used


def test_an_empty_folder_that_existed_is_kept(tmp_path: Path) -> None:
    with locked(tmp_path):
        assert not list(tmp_path.iterdir())
    assert tmp_path.is_dir()


def test_a_killed_process_loses_its_lock(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "locked\n"
        holder.kill()
    with locked(tmp_path):
        pass


@pytest.fixture(params=[None, errno.ENOSYS, errno.EBADF, errno.EOPNOTSUPP])
def no_locks(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> int | None:
    """What flock answers for a folder where it cannot lock one; NFS locks files, but no folder."""
    flock = fcntl.flock

    def refuse_folders(descriptor: int, operation: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(request.param, os.strerror(request.param))
        flock(descriptor, operation)

    if request.param:
        monkeypatch.setattr(fcntl, "flock", refuse_folders)
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return request.param


def test_a_waiter_creates_a_folder_again_that_the_holder_removed(
    tmp_path: Path, no_locks: int | None, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, printed = tmp_path / "new", ""

    def wait() -> None:
        with locked(folder):
            (folder / "config.json").touch()

    waiter = Thread(target=wait)
    with locked(folder):
        waiter.start()
        while waiter.is_alive() and "Waiting" not in printed:
            printed += capsys.readouterr().err
            time.sleep(0.01)
        assert not list(folder.iterdir())
    waiter.join()
    assert f"Waiting for another command that is at work in {folder}\n" in printed
    warning = f"{folder}: its file system cannot lock folders ({os.strerror(no_locks or 0)})"
    assert printed.count(warning) == 2 * bool(no_locks)
    assert (folder / "config.json").exists()


def test_a_system_without_locks_warns_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", refuse)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with locked(tmp_path / "run"):
        assert (tmp_path / "run").is_dir()
    assert "run no other command in it" in capsys.readouterr().err
