"""`make bench`: time each stage against the obvious way to do it, in one run."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from data.atomic import write_json
from data.errors import run_command
from data.terminal import open_console
from tests.bench.measure import measured

RESULTS = Path("runs/bench/bench.json")
SPEED = "images_per_second"
COMMANDS = (
    "data.download",
    "data.demo",
    "augment.preview",
    "kfold.cv",
    "kfold.tune",
    "kfold.config_file",
    "kfold.report",
    "kfold.predict",
    "kfold.export",
    "submit.submit",
    "submit.submissions",
)


@dataclass(frozen=True)
class Options:
    """Time every stage against the obvious way to do it; write runs/bench/bench.json."""

    data: Path | None = None
    """Folder with the competition's four files; without it, loading and memory are left out."""
    repetitions: int = 3
    """Runs of each way; the median counts."""


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        stage: of the work.
        way: to do it.
        figure: the median.
        unit: of the figure.
        ratio: to the obvious way, where larger is better, or to the smallest (see `growth`).
    """

    stage: str
    way: str
    figure: float
    unit: str
    ratio: float | None = None


def main(options: Options) -> None:
    """Run the benchmarks, printing each figure as it comes."""
    from rich.table import Table

    console, rows = open_console(), []
    table = Table(title=f"Medians of {options.repetitions}")
    for name in ("stage", "way", "figure", "unit", "ratio"):
        table.add_column(name, justify="right" if name in ("figure", "ratio") else "left")
    for row in _rows(options):
        rows.append(row)
        console.print(f"{row.stage}, {row.way}: {row.figure:.4g} {row.unit}")
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        table.add_row(row.stage, row.way, f"{row.figure:.4g}", row.unit, ratio)
    write_json(RESULTS, [asdict(row) for row in rows])
    console.print(table)


def _rows(options: Options) -> Iterator[Row]:
    if options.data:
        yield from loading(options.data, options.repetitions)
        yield from memory(options.data)
    yield from augmentation(options.repetitions)
    yield from training(options.repetitions)
    yield from step(options.repetitions)
    yield from growth(options.repetitions)
    yield from blending(options.repetitions)
    yield from start_up(options.repetitions)


def loading(folder: Path, repetitions: int) -> Iterator[Row]:
    """The first time and from the cache, against pandas splitting each image's text."""
    module = "tests.bench.loading"
    with tempfile.TemporaryDirectory() as scratch:
        slow = measured(module, "pandas_split", folder, scratch, repetitions=1)
        first = [
            measured(module, "ours", folder, Path(scratch, str(i)), repetitions=1)
            for i in range(repetitions)
        ]
        cached = measured(module, "ours", folder, Path(scratch, "0"), repetitions=repetitions)
    if len({figures["total"] for figures in (slow, cached, *first)}) != 1:
        raise RuntimeError("the ways to load disagree")
    for name, unit in (("seconds", "s"), ("megabytes", "MB")):
        fresh = median(figures[name] for figures in first)
        yield Row("load", "pandas split", slow[name], unit)
        yield Row("load", "first time", fresh, unit, slow[name] / fresh)
        yield Row("load", "from cache", cached[name], unit, slow[name] / cached[name])


def augmentation(repetitions: int) -> Iterator[Row]:
    """Our batches against a loop over faces and tf.data."""
    import joblib

    module, unit = "tests.bench.augmentation", "images/s"
    loop = measured(module, "loop", repetitions=repetitions)[SPEED]
    yield Row("augment", "a Python loop", loop, unit)
    mapped = measured(module, "tf_data_map", repetitions=repetitions)[SPEED]
    yield Row("augment", "tf.data.map", mapped, unit, mapped / loop)
    cores = joblib.cpu_count()
    for way, workers in {"batches, in the process": 0, f"batches, {cores} workers": cores}.items():
        made = measured(module, "batches", workers, repetitions=repetitions)[SPEED]
        yield Row("augment", way, made, unit, made / loop)


def training(repetitions: int) -> Iterator[Row]:
    """Training and prediction, against `model.fit` on arrays and the machine's peak."""
    import joblib

    module, cores = "tests.bench.training", joblib.cpu_count()
    peak = measured(module, "peak", repetitions=repetitions)["gflops"]
    yield Row("peak", "float32 matrix product", peak, "GFLOP/s")
    for model in ("heatmap", "mask"):
        plain = None
        for way, copies in (("plain", 0), ("fit", 0), ("fit", cores), ("bfloat16", cores)):
            figures = measured(
                module, model, way, repetitions=repetitions, copies=copies, added=SPEED
            )
            speed, name = figures[SPEED], f"{way}, {copies or 'one'} processes"
            plain = plain or speed
            yield Row(f"train {model}", name, speed, "images/s", speed / plain)
            # Backwards, each product is made twice again: by the weights and by the features.
            yield Row(f"train {model}", name, 3 * figures["gflop"] * speed / peak, "of the peak")
        yield Row(f"train {model}", "one image forward", figures["gflop"], "GFLOP")
        seen = measured(module, model, "predict", repetitions=repetitions)
        yield Row(f"predict {model}", "one view, one process", seen[SPEED], "images/s")


def step(repetitions: int) -> Iterator[Row]:
    """Where a step of training goes, and how near to one core's peak its convolutions come."""
    peak = measured("tests.bench.training", "peak", repetitions=repetitions, copies=1)["gflops"]
    yield Row("step of heatmap", "float32 matrix product, one core", peak, "GFLOP/s")
    figures = measured("tests.bench.profile", "heatmap", repetitions=repetitions)
    for name, figure in figures.items():
        kind, _, unit = name.partition(" in ")
        if unit:
            yield Row("step of heatmap", kind, figure, unit, figure / peak)
        else:
            yield Row("step of heatmap", kind, figure, "of the time")


def memory(folder: Path) -> Iterator[Row]:
    """Peak of a cross-validation, all processes together, by the number of its folds."""
    smallest = None
    for folds in (2, 4):
        peak = measured("tests.bench.memory", folder.resolve(), folds, repetitions=1)["megabytes"]
        smallest = smallest or peak
        yield Row("memory", f"cv of {folds} folds", peak, "MB", peak / smallest)


def growth(repetitions: int) -> Iterator[Row]:
    """Seconds and memory of a training with 1, 2, 4 times the rows, and the epochs.

    The ratio is to the smallest training: 2 and 4 where a cost is proportional, 1 where it is flat.
    """
    smallest = None
    for rows, epochs in ((512, 2), (1024, 2), (2048, 2), (512, 4), (512, 8)):
        figures = measured("tests.bench.growth", rows, epochs, repetitions=repetitions)
        smallest = smallest or figures
        for name, unit in (("seconds", "s"), ("megabytes", "MB")):
            ratio = figures[name] / smallest[name]
            yield Row("grow", f"{rows} rows, {epochs} epochs", figures[name], unit, ratio)


def blending(repetitions: int) -> Iterator[Row]:
    """The leaderboard's ensembles, and submission.csv."""
    for name, seconds in measured("tests.bench.blending", repetitions=repetitions).items():
        yield Row("blend", name, seconds, "s")


def start_up(repetitions: int) -> Iterator[Row]:
    """`--help` of each command, which must not wait for TensorFlow."""
    for command in COMMANDS:
        seconds = []
        for _ in range(repetitions):
            start = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", command, "--help"], check=True, stdout=subprocess.DEVNULL
            )
            seconds.append(time.perf_counter() - start)
        yield Row("start", command, median(seconds), "s")


if __name__ == "__main__":
    run_command(main, Options)
