"""Medians over repetitions, each in new processes so that none warms up the next."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys

Figures = dict[str, float]

ONE_THREAD = dict.fromkeys(
    ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"), "1"
)


def measured(
    module: str, *arguments: object, repetitions: int, copies: int = 0, added: str = ""
) -> Figures:
    """Run `python -m module arguments`, which prints figures as JSON; return the median of each.

    Args:
        module: the module.
        arguments: its arguments.
        repetitions: number of runs.
        copies: run this many copies at once, with one thread each; 0 runs one with all threads.
        added: the figure that is summed over the copies, such as a speed; others are the first
            copy's.
    """
    command = [sys.executable, "-m", module, *map(str, arguments)]
    runs = [_run(command, copies, added) for _ in range(repetitions)]
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def _run(command: list[str], copies: int, added: str) -> Figures:
    environment = {**os.environ, **(ONE_THREAD if copies else {})}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, env=environment, **pipes) for _ in range(max(1, copies))]
    outputs = [process.communicate() for process in processes]
    for process, (_, errors) in zip(processes, outputs, strict=True):
        if process.returncode:
            raise RuntimeError(f"{' '.join(command)} failed: {errors}")
    figures = [json.loads(output.splitlines()[-1]) for output, _ in outputs]
    return figures[0] | ({added: sum(each[added] for each in figures)} if added else {})
