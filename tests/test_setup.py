"""`make setup` takes the tool that is there; the tools are stubs that note how they are called."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTE = '#!/bin/sh\necho "$(basename "$0") $*" >> calls\n'
BUILD = f"mkdir -p .venv/bin; echo '{NOTE}' > .venv/bin/python; chmod +x .venv/bin/python\n"
NO_ENSUREPIP = '[ "$2" = venv ] && echo "ensurepip is not available" && exit 1\nexit 0\n'
TOOLS = {
    "uv": f'{NOTE}[ "$1" = pip ] || {{ {BUILD} }}\n',
    "virtualenv": NOTE + BUILD,
    "python3": NOTE + f'[ "$1" = -c ] || {{ {BUILD} }}\n',
    "python3 of Debian": NOTE + NO_ENSUREPIP,
    "python3 of old": '#!/bin/sh\n[ "$1" = -c ] && exit 1\necho Python 3.9.18\n',
}
NEEDED = ("sh", "touch", "mkdir", "chmod", "basename")

UV = ["uv venv --quiet --seed --allow-existing .venv", "uv pip install --python .venv --quiet"]
VENV = ["python3 -m venv .venv", "python -m pip install --no-compile --quiet"]
VIRTUALENV = [VENV[0], "virtualenv --quiet --python python3 .venv", VENV[1]]


def make_setup(
    folder: Path, tools: tuple[str, ...], *variables: str
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run `make setup` where there are no other tools; how it ended, and the calls of the tools."""
    for path in (ROOT / "Makefile", *ROOT.glob("*.txt")):
        shutil.copy(path, folder)
    (folder / "bin").mkdir()
    for tool in tools:
        path = folder / "bin" / tool.partition(" ")[0]
        path.write_text(TOOLS[tool])
        path.chmod(0o755)
    for tool in NEEDED:
        (folder / "bin" / tool).symlink_to(str(shutil.which(tool)))
    done = subprocess.run(
        [str(shutil.which("make")), "setup", *variables],
        cwd=folder,
        env={"PATH": str(folder / "bin")},
        capture_output=True,
        text=True,
    )
    calls = folder / "calls"
    lines = calls.read_text().splitlines() if calls.exists() else []
    return done, [line for line in lines if " -c import" not in line]


@pytest.mark.parametrize(
    ("tools", "calls"),
    [
        (("uv",), UV),
        (("uv", "python3 of old"), UV),
        (("python3", "virtualenv"), VENV),
        (("python3 of Debian", "virtualenv"), VIRTUALENV),
    ],
)
def test_the_first_tool_that_is_there_builds_the_environment(tmp_path, tools, calls):
    done, called = make_setup(tmp_path, tools, "gpu=")
    assert called == [*calls[:-1], f"{calls[-1]} -c constraints.txt -r requirements.txt"]
    assert (done.returncode, done.stdout) == (0, "")
    assert "ensurepip" not in done.stderr


@pytest.mark.parametrize(
    ("tools", "message"),
    [
        ((), "error: expected Python 3.11 to 3.13, found none; pass PYTHON=<path>, or install uv"),
        (("python3 of old",), "error: expected Python 3.11 to 3.13, found Python 3.9.18; pass"),
        (
            ("python3 of Debian",),
            "ensurepip is not available\nerror: could not build .venv, for the reason above. It "
            "takes uv ('pip install uv' is the shortest), Python's venv (on Debian the package "
            "python3-venv) or virtualenv",
        ),
    ],
)
def test_what_to_install_is_said_if_there_is_none(tmp_path, tools, message):
    done, _ = make_setup(tmp_path, tools)
    assert done.returncode
    assert message in done.stderr
    assert not (tmp_path / ".venv/ready").exists()


def test_a_given_python_is_used_and_checked(tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "old").mkdir()
    _, calls = make_setup(tmp_path / "new", ("uv", "python3"), "PYTHON=python3", "gpu=")
    assert calls[0] == "uv venv --quiet --seed --allow-existing --python python3 .venv"
    done, calls = make_setup(tmp_path / "old", ("uv", "python3 of old"), "PYTHON=python3")
    assert "found Python 3.9.18" in done.stderr
    assert not calls


def test_a_machine_with_a_gpu_gets_the_same_tensorflow_for_it(tmp_path):
    _, calls = make_setup(tmp_path, ("uv",), "gpu=/dev/nvidia0")
    assert calls[-1].endswith("-r requirements-gpu.txt")
    texts = ((ROOT / f"requirements{kind}.txt").read_text() for kind in ("", "-gpu"))
    versions = [re.findall(r"^tensorflow\S*==([^;\s]+)", text, re.MULTILINE) for text in texts]
    assert len({version for found in versions for version in found}) == 1
    assert all(versions)
