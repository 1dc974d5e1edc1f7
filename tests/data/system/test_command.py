"""A command that cannot run ends with one message, whatever the system says."""

import errno
import os
import subprocess
import sys
from dataclasses import dataclass

import pytest

from data.system.command import run_command


@dataclass(frozen=True)
class NoOptions:
    """Options of a command without any."""


def test_windows_is_refused_before_anything_is_done(monkeypatch, capsys):
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(SystemExit) as stop:
        run_command(lambda _: pytest.fail("the command was started"), NoOptions, [])
    assert stop.value.code == 1
    assert "run this in WSL" in capsys.readouterr().err


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM])
def test_what_a_file_system_lacks_is_said(capsys, code):
    def fail(_):
        raise OSError(code, os.strerror(code), "drive/file")

    with pytest.raises(SystemExit):
        run_command(fail, NoOptions, [])
    printed = capsys.readouterr().err
    assert printed.startswith("error: drive/file: ")
    assert "on another disk" in printed


def test_a_command_of_a_notebook_draws_without_the_notebooks_packages():
    """`!make` inherits a plotting backend that may not be installed for the command."""
    program = (
        "from data.system.command import run_command; from tests.refusal import NoOptions;"
        "run_command(lambda _: __import__('matplotlib.pyplot').pyplot.figure(), NoOptions, [])"
    )
    environment = {**os.environ, "MPLBACKEND": "module://not_installed"}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
