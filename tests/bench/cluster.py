"""Cost of a Ray cluster: `python -m tests.bench.cluster`, with requirements-cluster.txt.

First, trainings that only sleep, on more workers than this machine has cores: how many of them the
event loop of `make cv` keeps busy. Then the same short trainings in local processes and on a
cluster started here.
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
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from rich.console import Console

from data.demo import Demo, write_demo
from data.reader import read_competition
from data.system.atomic import write_json
from data.system.command import run_command
from data.system.terminal import open_console
from kfold.config.cv_config import CVConfig
from kfold.config.presets import Preset
from kfold.config.recipe import Recipe
from kfold.parallel.crossval import FoldScheduler
from kfold.parallel.event_loop import run_trainings
from kfold.parallel.outcomes import EpochReport, Finished, Stopped
from kfold.parallel.ray_pool import RayPool, open_ray_pool
from kfold.parallel.ray_worker import Fit, RemoteResult
from kfold.parallel.resources import TrainingResources
from kfold.runs.open_run import OpenRun
from kfold.runs.predictions import PREDICTIONS
from kfold.runs.start import start_run
from kfold.runs.task import DONE, Task, TrainingSummary
from kfold.runs.training_files import HISTORY, WEIGHTS
from kfold.training.training_data import TrainingData
from tests.bench.__main__ import Row

FOLDS, EPOCHS = 5, 10
RECIPE = Recipe("base", epochs=EPOCHS)
"""Not trained: it only says how many epochs there are."""

WARM_UP = "warm-up"
"""Model of the tasks that only start a worker."""

RESULTS = Path("runs/bench/cluster.json")


@dataclass(frozen=True)
class ClusterBenchOptions:
    """Time a Ray cluster against the ideal and against local processes."""

    workers: int = 64
    """Worker processes of the trainings that sleep."""
    tasks: int = 1000
    """Trainings that sleep; a multiple of 5."""
    payload: int = 5_000_000
    """Bytes of a training's files when their transport is timed."""
    trainings: int = 10
    """Real trainings; a multiple of 5."""
    epochs: int = 12
    """Epochs of each real training."""


@dataclass(frozen=True)
class NapCost:
    """Cost of trainings that sleep.

    Attributes:
        seconds: from the first task to the last, with all workers started.
        cpu: CPU seconds of this process.
        megabytes: of all workers together, shared memory counted once.
    """

    seconds: float
    cpu: float
    megabytes: float


def nap(seconds: float, payload: int = 0, reports: int = 1) -> Fit:
    """A training that sleeps, then reports so many epochs and sends so many bytes."""
    with tempfile.NamedTemporaryFile() as file:
        h5py.File(file.name, "w").close()
        weights = Path(file.name).read_bytes()

    # Within `nap`: nodes have no `tests` to import it from.
    def no_predictions(data: TrainingData, fold: int) -> bytes:
        """A file of predictions of the right shapes, all 0."""
        rows = np.flatnonzero(data.folds == fold)
        oof, test = (np.zeros((1, n, 15, 2), np.float32) for n in (len(rows), len(data.test)))
        file = io.BytesIO()
        np.savez(file, rows=rows, oof=oof, test=test)
        return file.getvalue()

    def fit(shared: Any, recipe: Any, task: Task, actor: Any) -> RemoteResult:
        import ray

        if task.model == WARM_UP:
            time.sleep(2)
            return RemoteResult(Stopped(str(os.getpid())))
        time.sleep(seconds)
        for epoch in range(1, reports + 1):
            ray.get(actor.report.remote(EpochReport(task, epoch, {"loss": 0.0})))
        summary = TrainingSummary(0.0, EPOCHS, seconds, images_per_second=0.0)
        files = {
            PREDICTIONS: no_predictions(shared.data, task.fold),
            WEIGHTS: weights,
            HISTORY: json.dumps(" " * payload).encode(),
            DONE: json.dumps(asdict(summary)).encode(),
        }
        return RemoteResult(Finished(summary), files)

    return fit


def start_workers(pool: RayPool, count: int) -> float:
    """Wait until so many worker processes run; return their megabytes together."""
    import psutil

    pids: set[int] = set()
    while len(pids) < count:
        futures = [pool.submit(Task(WARM_UP, 0, i), RECIPE) for i in range(count)]
        outcomes = [future.result() for future in futures]
        pids = {int(outcome.reason) for outcome in outcomes if isinstance(outcome, Stopped)}
    return sum(psutil.Process(pid).memory_full_info().pss for pid in pids) / 1e6


def start_naps(data: Path, seeds: int, folder: Path) -> OpenRun:
    """Start a run of one model on `FOLDS` folds."""
    competition = read_competition(data, data.parent / "cache")
    config = CVConfig(data, Preset({"nap": RECIPE}, FOLDS, seeds))
    return start_run(config, competition, folder, Console(quiet=True))


def train_naps(
    opened: OpenRun,
    workers: int,
    fit: Fit,
    console: Console,
    resources: TrainingResources | None = None,
) -> NapCost:
    """Train a run's model on the cluster, with the event loop and scheduler of `make cv`.

    Args:
        opened: a run of `start_naps`.
        workers: processes that are started before time counts.
        fit: see `nap`.
        console: where progress is shown.
        resources: what each training takes; one CPU by default.

    Raises:
        RuntimeError: a training is not finished.
    """
    run = opened.run
    seeds = range(run.config.seeds)
    tasks = [Task("nap", seed, fold) for seed in seeds for fold in range(run.config.folds)]
    with open_ray_pool(opened, resources or TrainingResources(), console, fit) as pool:
        megabytes = start_workers(pool, workers)
        start, cpu = time.perf_counter(), time.process_time()
        run_trainings(pool, FoldScheduler(run, tasks, console))
        cost = NapCost(time.perf_counter() - start, time.process_time() - cpu, megabytes)
    if run.finished_seeds("nap") != list(seeds):
        raise RuntimeError(f"naps are not finished: {run.unfinished}")
    return cost


def napped(folder: Path, options: ClusterBenchOptions, fit: Fit) -> NapCost:
    """Train all naps in a run that is removed afterwards."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        opened = start_naps(folder / "demo", options.tasks // FOLDS, Path(scratch))
        return train_naps(opened, options.workers, fit, Console(file=io.StringIO()))


def naps(folder: Path, options: ClusterBenchOptions) -> Iterator[Row]:
    """Tasks of 1 s; of 0 s; of 0 s with reports, or with a training's files."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    head = {"num_cpus": options.workers, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    os.environ["RAY_ADDRESS"] = cluster.address
    try:
        ideal = options.tasks / options.workers
        slept = napped(folder, options, nap(1.0))
        yield Row("naps of 1 s", "all tasks", slept.seconds, "s", slept.seconds / ideal)
        yield Row("naps of 1 s", "workers together", slept.megabytes, "MB")
        for payload, reports in ((0, 0), (0, EPOCHS), (options.payload, 0)):
            rushed = napped(folder, options, nap(0.0, payload, reports))
            way = f"{reports} epochs and {payload / 1e6:g} MB each"
            yield Row("naps of 0 s", way, options.tasks / rushed.seconds, "tasks/s")
            own = 1000 * rushed.cpu / options.tasks
            yield Row("naps of 0 s", f"{way}, CPU of the command", own, "ms/task")
    finally:
        del os.environ["RAY_ADDRESS"]
        cluster.shutdown()


def trainings(folder: Path, options: ClusterBenchOptions) -> Iterator[Row]:
    """The same trainings in two processes and on a cluster of two CPUs, from start to report."""
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
        raise RuntimeError(f"the cluster's scores differ: {scores}")


def main(options: ClusterBenchOptions) -> None:
    """Run the benchmarks and print each figure."""
    console, rows = open_console(), []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_demo(Demo(folder / "demo", train=600, test=200))
        for stage in (naps, trainings):
            for row in stage(folder, options):
                rows.append(row)
                ratio = "" if row.ratio is None else f", {row.ratio:.3f} times the reference"
                console.print(f"{row.stage}, {row.way}: {row.figure:.4g} {row.unit}{ratio}")
    write_json(RESULTS, [asdict(row) for row in rows])


if __name__ == "__main__":
    run_command(main, ClusterBenchOptions)
