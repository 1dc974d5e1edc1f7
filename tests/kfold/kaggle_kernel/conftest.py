"""A command that trains on the stand-in for Kaggle, whose sessions end before any training."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from rich.console import Console

from kfold.config.cv_config import CVConfig
from kfold.config.presets import Preset
from kfold.kaggle_kernel.plan import Machine
from kfold.kaggle_kernel.remote import train_on_kaggle
from tests.kaggle_server import KaggleServer
from tests.kfold.parallel.trainings import CALM


@dataclass
class Command:
    """`make cv ON=kaggle RUN=first`, without its report.

    Attributes:
        data: folder with the competition's files.
        folder: of the run.
        output: what it printed.
    """

    data: Path
    folder: Path
    output: io.StringIO = field(default_factory=io.StringIO)

    def __call__(self, machine: Machine = "kaggle", force: bool = False) -> None:
        console = Console(file=self.output, width=200, soft_wrap=True)
        config = CVConfig(self.data, Preset({"calm": CALM}, folds=2))
        train_on_kaggle(config, self.folder, console, machine, jobs=1, force=force)

    @property
    def printed(self) -> str:
        return self.output.getvalue()


@pytest.fixture
def train(
    kaggle: KaggleServer, competition: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Command:
    """The command in an empty folder; this machine has no GPU, so that a session fails at once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("kfold.kaggle_kernel.follow.POLL_S", 0.02)
    return Command(competition, Path("runs/first"))


@pytest.fixture
def failure() -> Callable[[Callable[[], object]], str]:
    """Runs a command whose printed log has errors of its own, and returns its message."""
    from data.system.errors import UserError

    def fail(action: Callable[[], object]) -> str:
        with pytest.raises(UserError) as error:
            action()
        return str(error.value)

    return fail
