"""Checks of every failed command: one message, exit code 1, no secret anywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from data.system.command import run_command
from tests.kaggle_server import SECRET, SIGNATURE


@dataclass(frozen=True)
class NoOptions:
    """Options of a command without any."""


@dataclass(frozen=True)
class Refusal:
    """Runs an action that must fail.

    Attributes:
        folder: its files are searched for secrets, except those in its `home`.
        output: printed by this process and its children.
        log: of this process.
    """

    folder: Path
    output: pytest.CaptureFixture[str]
    log: pytest.LogCaptureFixture

    def __call__(self, action: Callable[[], object]) -> str:
        self.output.readouterr()
        with pytest.raises(SystemExit) as stop:
            run_command(lambda _: action(), NoOptions, args=[])
        printed = "".join(self.output.readouterr())
        assert stop.value.code == 1
        assert printed.count("error: ") == 1
        self.search(printed + self.log.text)
        return printed[printed.index("error: ") :]

    def search(self, printed: str) -> None:
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        texts = [path.read_bytes() for path in files if self.folder / "home" not in path.parents]
        for secret in (SECRET, SIGNATURE, "Traceback"):
            assert not [text for text in [*texts, printed.encode()] if secret.encode() in text]
