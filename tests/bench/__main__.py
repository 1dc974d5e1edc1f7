"""`make bench`: time each stage against the obvious way to do it, in one run."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from data.atomic import write_json
from data.errors import run_command
from data.terminal import open_console

RESULTS = Path("runs/bench/bench.json")


@dataclass(frozen=True)
class Options:
    """Time loading against the reference notebook's way; write runs/bench/bench.json."""

    data: Path = Path("data/raw")
    """Folder with training.zip, test.zip and the two tables."""
    repetitions: int = 1
    """Runs of each way; the median counts."""


def main(options: Options) -> None:
    """Run the benchmarks and print them as ratios."""
    from rich.table import Table

    results = bench_loading(options.data, options.repetitions)
    write_json(RESULTS, {"loading": results})
    table = Table(title=f"Loading {options.data}, median of {options.repetitions}")
    for name in ("way", "seconds", "peak MB", "times faster", "times less memory"):
        table.add_column(name, justify="left" if name == "way" else "right")
    slow = results["pandas split"]
    for way, result in results.items():
        ratios = [slow[key] / result[key] for key in ("seconds", "megabytes")]
        numbers = [f"{result['seconds']:.2f}", f"{result['megabytes']:.0f}"]
        table.add_row(way, *numbers, *(f"{ratio:.1f}" for ratio in ratios))
    open_console().print(table)


def bench_loading(folder: Path, repetitions: int) -> dict[str, dict[str, float]]:
    """Median seconds and peak megabytes of each way to load the files in `folder`."""
    with tempfile.TemporaryDirectory() as scratch:
        caches = [Path(scratch, str(i)) for i in range(repetitions)]
        runs = {
            "first time": [_load("ours", folder, cache) for cache in caches],
            "from cache": [_load("ours", folder, cache) for cache in caches],
            "pandas split": [_load("pandas_split", folder, cache) for cache in caches],
        }
    totals = {run["total"] for way in runs.values() for run in way}
    if len(totals) != 1:
        raise RuntimeError(f"the ways to load disagree: {totals}")
    return {
        way: {key: statistics.median(r[key] for r in results) for key in ("seconds", "megabytes")}
        for way, results in runs.items()
    }


def _load(way: str, folder: Path, cache: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.loading", way, str(folder), str(cache)]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(run.stdout)


if __name__ == "__main__":
    run_command(main, Options)
