"""Peak memory of a cross-validation: `python -m tests.bench.memory DATA FOLDS`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
EPOCHS = 2
INTERVAL = 0.5
"""Seconds between two measurements."""


def total_memory(process: psutil.Process) -> int:
    """Bytes of a process and its children; shared pages count once."""
    total = 0
    for each in (process, *process.children(recursive=True)):
        with suppress(psutil.Error):  # the process has just ended
            total += each.memory_full_info().pss
    return total


def main() -> None:
    """Cross-validate the standard preset for a few epochs; print the peak in megabytes."""
    data, folds = f"{Path(sys.argv[1]).resolve()}", sys.argv[2]
    options = ("--data", data, "--folds", folds, "--epochs", f"{EPOCHS}", "--run", "memory")
    command = [sys.executable, "-m", "kfold.cv", *options]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    peak = 0
    with tempfile.TemporaryDirectory() as scratch:
        process = psutil.Popen(command, cwd=scratch, env=environment, stdout=subprocess.DEVNULL)
        while process.poll() is None:
            with suppress(psutil.Error):
                peak = max(peak, total_memory(process))
            time.sleep(INTERVAL)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed")
    print(json.dumps({"megabytes": peak / 1e6}))


if __name__ == "__main__":
    main()
