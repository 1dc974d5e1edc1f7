"""What every failed command must be like: one message, exit code 1, no secret anywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from data.errors import run_command
from tests.kaggle_server import SECRET, SIGNATURE


@dataclass(frozen=True)
class Nothing:
    """A command without options."""


@dataclass(frozen=True)
class Refusal:
    """Runs what must fail.

    Attributes:
        folder: whose files are searched for secrets, but for those in `home` in it.
        output: what is printed, here or by processes that are started.
        log: what is logged.
    """

    folder: Path
    output: pytest.CaptureFixture[str]
    log: pytest.LogCaptureFixture

    def __call__(self, action: Callable[[], object]) -> str:
        self.output.readouterr()
        with pytest.raises(SystemExit) as stop:
            run_command(lambda _: action(), Nothing, args=[])
        printed = "".join(self.output.readouterr())
        assert stop.value.code == 1
        assert printed.count("error: ") == 1
        self.search(printed + self.log.text)
        return printed[printed.index("error: ") :]

    def search(self, printed: str) -> None:
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        told = [path.read_bytes() for path in files if self.folder / "home" not in path.parents]
        for secret in (SECRET, SIGNATURE, "Traceback"):
            assert not [text for text in [*told, printed.encode()] if secret.encode() in text]
