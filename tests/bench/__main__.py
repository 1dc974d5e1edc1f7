"""`make bench`: time each stage against a simple baseline."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from data.system.atomic import write_json
from data.system.cgroups import usable_cores
from data.system.command import run_command
from data.system.terminal import open_console
from kfold.config.presets import PRESETS
from kfold.config.recipe import MAP_NETWORKS
from kfold.parallel.duration import training_gflop
from tests.bench.measure import measured

RESULTS = Path("runs/bench/bench.json")
SPEED = "images_per_second"
KAGGLE_FACES = 7049
"""Training faces of the competition."""
COMMANDS = (
    "data.download",
    "data.demo",
    "kfold.cv",
    "kfold.tune",
    "kfold.config",
    "kfold.report",
    "kfold.predict",
    "kfold.export",
    "kfold.preview",
    "submit.submit",
    "submit.submissions",
)


@dataclass(frozen=True)
class BenchOptions:
    """Time every stage against a simple baseline; write runs/bench/bench.json."""

    data: Path | None = None
    """Folder with the competition's four files, for loading, memory and reports."""
    repetitions: int = 3
    """Runs of each measurement, of which the median is reported."""


@dataclass(frozen=True)
class Row:
    """One measurement.

    Attributes:
        stage: what is measured, such as "augment".
        way: how it is done, such as "a Python loop".
        figure: the median.
        unit: of the figure.
        ratio: to the baseline, where larger is better, or to the smallest case (see `growth`).
    """

    stage: str
    way: str
    figure: float
    unit: str
    ratio: float | None = None


def main(options: BenchOptions) -> None:
    """Run the benchmarks and print each figure when it is measured."""
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


def _rows(options: BenchOptions) -> Iterator[Row]:
    if options.data:
        yield from loading(options.data, options.repetitions)
        yield from memory(options.data)
        yield from reading(options.data)
    yield from augmentation(options.repetitions)
    yield from training(options.repetitions)
    yield from step(options.repetitions)
    yield from growth(options.repetitions)
    yield from start_up(options.repetitions)


def loading(folder: Path, repetitions: int) -> Iterator[Row]:
    """Loading without and with the cache; baseline: pandas, which splits each image's text."""
    module = "tests.bench.loading"
    with tempfile.TemporaryDirectory() as scratch:
        slow = measured(module, "pandas_split", folder, scratch, repetitions=1)
        first = [
            measured(module, "ours", folder, Path(scratch, str(i)), repetitions=1)
            for i in range(repetitions)
        ]
        cached = measured(module, "ours", folder, Path(scratch, "0"), repetitions=repetitions)
    if len({figures["total"] for figures in (slow, cached, *first)}) != 1:
        raise RuntimeError("the loaders read different pixels")
    for name, unit in (("seconds", "s"), ("megabytes", "MB")):
        fresh = median(figures[name] for figures in first)
        yield Row("load", "pandas split", slow[name], unit)
        yield Row("load", "first time", fresh, unit, slow[name] / fresh)
        yield Row("load", "from cache", cached[name], unit, slow[name] / cached[name])


def augmentation(repetitions: int) -> Iterator[Row]:
    """Our batches and tf.data; baseline: a Python loop over the faces."""
    module, unit = "tests.bench.augmentation", "images/s"
    loop = measured(module, "loop", repetitions=repetitions)[SPEED]
    yield Row("augment", "a Python loop", loop, unit)
    mapped = measured(module, "tf_data_map", repetitions=repetitions)[SPEED]
    yield Row("augment", "tf.data.map", mapped, unit, mapped / loop)
    cores = usable_cores()
    for way, workers in {"batches, in the process": 0, f"batches, {cores} workers": cores}.items():
        made = measured(module, "batches", workers, repetitions=repetitions)[SPEED]
        yield Row("augment", way, made, unit, made / loop)


def training(repetitions: int) -> Iterator[Row]:
    """Training and prediction; baselines: `model.fit` on arrays, and the machine's peak GFLOP/s."""
    module, cores = "tests.bench.training", usable_cores()
    peak = measured(module, "peak", repetitions=repetitions)["gflops"]
    yield Row("peak", "float32 matrix product", peak, "GFLOP/s")
    reached = {}
    for model in MAP_NETWORKS:
        plain = None
        for way, copies in (("plain", 0), ("fit", 0), ("float32", cores), ("fit", cores)):
            figures = measured(
                module, model, way, repetitions=repetitions, copies=copies, added=SPEED
            )
            speed, name = figures[SPEED], f"{way}, {copies or 'one'} processes"
            plain = plain or speed
            yield Row(f"train {model}", name, speed, "images/s", speed / plain)
            # The backward pass repeats each product twice: for the weights and for the features.
            gflops = 3 * figures["gflop"] * speed
            yield Row(f"train {model}", name, gflops / peak, "of the peak")
        reached[model] = gflops  # of the last way, that of a cross-validation
        yield Row(f"train {model}", "one image forward", figures["gflop"], "GFLOP")
        predicted = measured(module, model, "predict", repetitions=repetitions)
        yield Row(f"predict {model}", "one view, one process", predicted[SPEED], "images/s")
    yield from presets(reached)


def presets(reached: dict[str, float]) -> Iterator[Row]:
    """Minutes that presets train Kaggle's faces, from the GFLOP/s that each network reaches."""
    for name in ("quick", "standard", "best"):
        preset = PRESETS[name]
        rows = round(KAGGLE_FACES * (1 - 1 / preset.folds))
        seconds = sum(
            training_gflop(recipe, rows) / reached[recipe.network]
            for recipe in preset.models.values()
        )
        yield Row(
            f"make cv PRESET={name}",
            f"{KAGGLE_FACES} faces",
            preset.folds * preset.seeds * seconds / 60,
            "minutes of training",
        )


def step(repetitions: int) -> Iterator[Row]:
    """Time of a training step by operation; its convolutions relative to one core's peak."""
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
    """Peak memory of a cross-validation, all processes together, by number of folds."""
    smallest = None
    for folds in (2, 4):
        peak = measured("tests.bench.memory", folder.resolve(), folds, repetitions=1)["megabytes"]
        smallest = smallest or peak
        yield Row("memory", f"cv of {folds} folds", peak, "MB", peak / smallest)


def growth(repetitions: int) -> Iterator[Row]:
    """Seconds and memory of a training with 1, 2 and 4 times the rows, and the epochs.

    The ratio is to the smallest training: 2 and 4 where a cost is proportional, 1 where it is
    constant.
    """
    smallest = None
    for rows, epochs in ((512, 2), (1024, 2), (2048, 2), (512, 4), (512, 8)):
        figures = measured("tests.bench.growth", rows, epochs, repetitions=repetitions)
        smallest = smallest or figures
        for name, unit in (("seconds", "s"), ("megabytes", "MB")):
            ratio = figures[name] / smallest[name]
            yield Row("grow", f"{rows} rows, {epochs} epochs", figures[name], unit, ratio)


def reading(folder: Path) -> Iterator[Row]:
    """Commands that read a run of four models: the first fits the blends, the others find them."""
    figures = measured("tests.bench.large_run", folder.resolve(), 4, 1, 5, repetitions=1)
    for name, figure in figures.items():
        command, _, unit = name.partition(", ")
        yield Row("read a run", command, figure, unit)


def start_up(repetitions: int) -> Iterator[Row]:
    """`--help` of each command, which must not import TensorFlow."""
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
    run_command(main, BenchOptions)
