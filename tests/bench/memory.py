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
EPOCHS, PAUSE = 2, 0.5


def together(process: psutil.Process) -> int:
    """Bytes of a process and all that it started, what they share counted once."""
    total = 0
    for each in (process, *process.children(recursive=True)):
        with suppress(psutil.Error):  # it has just ended
            total += each.memory_full_info().pss
    return total


def main() -> None:
    """Cross-validate the standard preset for a few epochs; print the largest sum of megabytes."""
    data, folds = f"{Path(sys.argv[1]).resolve()}", sys.argv[2]
    options = ("--data", data, "--folds", folds, "--epochs", f"{EPOCHS}", "--run", "memory")
    command = [sys.executable, "-m", "kfold.cv", *options]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    peak = 0
    with tempfile.TemporaryDirectory() as place:
        process = psutil.Popen(command, cwd=place, env=environment, stdout=subprocess.DEVNULL)
        while process.poll() is None:
            with suppress(psutil.Error):
                peak = max(peak, together(process))
            time.sleep(PAUSE)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed")
    print(json.dumps({"megabytes": peak / 1e6}))


if __name__ == "__main__":
    main()
