"""Medians over repetitions, each in processes of its own so that none warms up the next."""

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
    """Run `python -m module arguments`, which prints figures as JSON, and take each one's median.

    Args:
        module: what to run.
        arguments: of it.
        repetitions: how often.
        copies: run so many at once, with one thread each; 0 runs one with all threads.
        added: the figure that copies add up, such as a speed; they share all others.
    """
    command = [sys.executable, "-m", module, *map(str, arguments)]
    runs = [_run(command, copies, added) for _ in range(repetitions)]
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def _run(command: list[str], copies: int, added: str) -> Figures:
    environment = {**os.environ, **(ONE_THREAD if copies else {})}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, env=environment, **pipes) for _ in range(max(1, copies))]
    outputs = [process.communicate() for process in processes]
    for process, (_, complaint) in zip(processes, outputs, strict=True):
        if process.returncode:
            raise RuntimeError(f"{' '.join(command)} failed: {complaint}")
    figures = [json.loads(output.splitlines()[-1]) for output, _ in outputs]
    return figures[0] | ({added: sum(each[added] for each in figures)} if added else {})
