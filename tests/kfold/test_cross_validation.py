"""The library call behind `make cv`; `tests/test_chain.py` runs the command."""

import fcntl
import os
from pathlib import Path

from kfold.config.cv_config import CVConfig
from kfold.config.presets import DEMO
from kfold.cross_validation import run_cv


def is_locked(folder: Path) -> bool:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def test_other_commands_wait_for_the_trainings_and_the_report(tmp_path, monkeypatch):
    folder, locked = tmp_path / "run", []
    for step in ("cross_validate", "write_report"):
        monkeypatch.setattr(
            f"kfold.cross_validation.{step}", lambda *_: locked.append(is_locked(folder))
        )
    run_cv(CVConfig(Path("demo"), DEMO), folder)
    assert locked == [True, True]
