"""What a Ray cluster costs: `python -m tests.bench.cluster`, with requirements-cluster.txt.

First, trainings that only sleep, on workers that this machine only pretends to have cores for: how
many the command that runs `make cv` keeps busy. Then the same short trainings by processes of this
machine and on a cluster started here.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

import kfold.crossval
from data.atomic import write_json
from data.demo import Demo, write_demo
from data.errors import run_command
from data.reader import read_competition
from data.terminal import open_console
from kfold.begin import deal_folds
from kfold.cluster import ClusterTrainers, start_cluster
from kfold.crossval import cross_validate
from kfold.need import Need
from kfold.recipe import Recipe
from kfold.remote import Fit
from kfold.run import Run, open_run
from kfold.run_config import RunConfig
from tests.bench.__main__ import Row

FOLDS, EPOCHS = 5, 10
NAPPER = Recipe("none", epochs=EPOCHS)
RESULTS = Path("runs/bench/cluster.json")


@dataclass(frozen=True)
class Options:
    """Time a Ray cluster against the ideal and against local processes."""

    workers: int = 64
    """Pretended cores, one worker process each."""
    tasks: int = 1000
    """Trainings that sleep; a multiple of 5."""
    payload: int = 5_000_000
    """Bytes of a training's files, where their transport is timed."""
    trainings: int = 10
    """Real trainings; a multiple of 5."""
    epochs: int = 12
    """Of each of them."""


@dataclass
class Naps:
    """Trainings that sleep: how long they took, and what the command itself did meanwhile.

    Attributes:
        seconds: from the first task to the last, all workers there.
        cpu: seconds of the command's own work.
        megabytes: of all workers together, what they share counted once.
    """

    seconds: float = 0.0
    cpu: float = 0.0
    megabytes: float = 0.0


def nap(seconds: float, payload: int, reports: int) -> Fit:
    """A training that sleeps, tells of so many epochs and sends so many bytes."""

    def fit(shared: Any, recipe: Any, task: Any, board: Any) -> Any:
        import ray

        if task[0] == "warm":
            time.sleep(2)
            return {"pid": os.getpid()}, {}
        time.sleep(seconds)
        for epoch in range(1, reports + 1):
            ray.get(board.report.remote((task, epoch, {"loss": 0.0})))
        outcome = {"rmse": 0.0, "seconds": seconds, "images_per_second": 0.0}
        done = json.dumps(outcome).encode()
        return outcome, {"model.weights.h5": bytes(payload), "done.json": done}

    return fit


def start_all(trainers: ClusterTrainers, workers: int) -> float:
    """Wait until so many worker processes are there; megabytes of them together."""
    import psutil

    pids: set[int] = set()
    while len(pids) < workers:
        futures = [trainers.submit(("warm", 0, i), NAPPER) for i in range(workers)]
        pids = {outcome["pid"] for outcome in (f.result() for f in futures)}  # type: ignore
    return sum(psutil.Process(pid).memory_full_info().pss for pid in pids) / 1e6


def napped(folder: Path, options: Options, seconds: float, payload: int, reports: int) -> Naps:
    """Have all tasks of a run slept through by `make cv`'s own loop, on the cluster."""
    naps = Naps()

    @contextmanager
    def timed(run: Run, need: Need, console: Console) -> Iterator[ClusterTrainers]:
        with start_cluster(run, need, console, nap(seconds, payload, reports)) as trainers:
            naps.megabytes = start_all(trainers, options.workers)
            start, cpu = time.perf_counter(), time.process_time()
            yield trainers
            naps.seconds, naps.cpu = time.perf_counter() - start, time.process_time() - cpu

    data = read_competition(folder / "demo", folder / "cache")
    seeds = options.tasks // FOLDS
    config = RunConfig(str(folder / "demo"), data.checksum, FOLDS, seeds, {"nap": NAPPER})
    console = Console(file=io.StringIO())
    with tempfile.TemporaryDirectory(dir=folder) as place:
        run = open_run(Path(place), config)
        deal_folds(run, data.train, console)
        kfold.crossval.start_cluster = timed
        cross_validate(run, ["nap"], seeds, console, cluster=Need())
    return naps


def naps(folder: Path, options: Options) -> Iterator[Row]:
    """Tasks of a second; of no time; of no time with reports, or with a training's files."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    head = {"num_cpus": options.workers, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    os.environ["RAY_ADDRESS"] = cluster.address
    try:
        ideal = options.tasks / options.workers
        slept = napped(folder, options, 1.0, 0, 1)
        yield Row("naps of 1 s", "all tasks", slept.seconds, "s", slept.seconds / ideal)
        yield Row("naps of 1 s", "workers together", slept.megabytes, "MB")
        for payload, reports in ((0, 0), (0, EPOCHS), (options.payload, 0)):
            rushed = napped(folder, options, 0.0, payload, reports)
            way = f"{reports} epochs and {payload / 1e6:g} MB each"
            yield Row("naps of 0 s", way, options.tasks / rushed.seconds, "tasks/s")
            own = 1000 * rushed.cpu / options.tasks
            yield Row("naps of 0 s", f"{way}, the command's own CPU", own, "ms/task")
    finally:
        del os.environ["RAY_ADDRESS"]
        cluster.shutdown()


def trainings(folder: Path, options: Options) -> Iterator[Row]:
    """The same trainings by two processes and on a cluster of two CPUs, start and report too."""
    seconds = {}
    for name, ways in {"processes": ("--jobs", "2"), "ray": ("--cluster", "ray")}.items():
        command = [sys.executable, "-m", "kfold.cv", "--data", "demo", "--run", name, *ways]
        command += ["--models", "heatmap", "--seeds", str(options.trainings // FOLDS)]
        command += ["--epochs", str(options.epochs)]
        environment = os.environ | {"PYTHONPATH": os.getcwd()}
        start = time.perf_counter()
        subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
        seconds[name] = time.perf_counter() - start
        ratio = seconds[name] / seconds["processes"]
        yield Row(f"{options.trainings} trainings", name, seconds[name], "s", ratio)
    files = (folder / "runs/ray/heatmap/seed0/fold0").iterdir()
    yield Row("a training", "its files", sum(p.stat().st_size for p in files) / 1e6, "MB")
    done = (folder / f"runs/{name}/heatmap/seed0/fold0/done.json" for name in seconds)
    scores = [json.loads(path.read_text())["rmse"] for path in done]
    if scores[0] != scores[1]:
        raise RuntimeError(f"the cluster scored otherwise: {scores}")


def main(options: Options) -> None:
    """Run the benchmarks, printing each figure as it comes."""
    console, rows = open_console(), []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_demo(Demo(folder / "demo", train=600, test=200))
        for stage in (naps, trainings):
            for row in stage(folder, options):
                rows.append(row)
                ratio = "" if row.ratio is None else f", {row.ratio:.3f} of what it should be"
                console.print(f"{row.stage}, {row.way}: {row.figure:.4g} {row.unit}{ratio}")
    write_json(RESULTS, [asdict(row) for row in rows])


if __name__ == "__main__":
    run_command(main, Options)
