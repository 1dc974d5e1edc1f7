"""What the pushed script does on Kaggle's machine: choose packages, train, put out the results.

It imports the standard library only; the trainings are another process, with packages.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from data.system.errors import UserError
from kfold.kaggle_kernel.outputs import put_out, write_ended
from kfold.kaggle_kernel.packages import session_environment
from kfold.kaggle_kernel.plan import Plan

MACHINE = "machine.json"
"""Written by the trainings: the machine, with its packages."""

_POLL_S = 0.2
_REST = "the same command has another session train the rest."


def main(folder: Path) -> None:
    """Train what the plan in `folder` says; Kaggle runs this in /kaggle/working.

    The exit code is 0 if anything was put out, so that Kaggle keeps it: `ended.json` has the
    trainings' own.

    Args:
        folder: the package that was pushed, unpacked.
    """
    plan, working = Plan.read(folder), Path.cwd()
    code = 1
    try:
        environment = session_environment(folder, plan.gpu)
        code = _train(plan, folder, working, environment)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
    machine = folder / MACHINE
    write_ended(working, code, json.loads(machine.read_text()) if machine.exists() else {})
    sys.exit(0 if any(working.glob("*.zip")) else code)


def _train(plan: Plan, folder: Path, working: Path, environment: dict[str, str]) -> int:
    """Run the trainings and put out each as it is finished; returns their exit code."""
    inputs = working.parent / "input"
    command = [sys.executable, "-m", "kfold.kaggle_kernel.train", "--data", str(inputs)]
    run, stop = folder / "runs" / plan.run, time.monotonic() + plan.max_seconds
    trainings = subprocess.Popen(command, cwd=folder, env=environment)
    stopped = ""
    while trainings.poll() is None:
        time.sleep(_POLL_S)
        if stopped:
            continue
        if not put_out(run, working, plan.max_output):
            stopped = (
                f"Output of more than {plan.max_output / 1e9:.0f} GB would not be kept: {_REST}"
            )
        elif time.monotonic() > stop:
            stopped = f"The session's {plan.max_seconds / 3600:g} hours are over: {_REST}"
        if stopped:
            trainings.send_signal(signal.SIGINT)
    put_out(run, working, plan.max_output, ended=not stopped)
    if stopped:
        print(f"error: {stopped}", file=sys.stderr)
    return trainings.returncode
