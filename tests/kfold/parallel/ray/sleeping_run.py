"""A command that trains a run of naps on the cluster: `python -m`, in a folder with demo/."""

from pathlib import Path

from rich.console import Console

from kfold.parallel.resources import TrainingResources
from tests.bench.cluster import nap, start_naps, train_naps

RUN = Path("runs/sleeping")

if __name__ == "__main__":
    opened = start_naps(Path("demo"), 1, RUN)
    train_naps(opened, 0, nap(1.0), Console(quiet=True), TrainingResources())
