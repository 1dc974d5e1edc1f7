"""Time and memory of loading the files: `python -m tests.bench.loading WAY FOLDER CACHE`."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from data.competition import COORDINATES, IMAGE_COLUMN, IMAGE_SIZE, TEST_FILE, TRAINING_FILE


def ours(folder: Path, cache: Path) -> int:
    """Read all files, from the cache if it exists."""
    from data.reader import read_competition

    data = read_competition(folder, cache)
    # Read every pixel: a memory-mapped array is loaded only when it is used.
    return int(data.train.images.sum(dtype="int64") + data.test.images.sum(dtype="int64"))


def pandas_split(folder: Path, _: Path) -> int:
    """The usual notebook's way: split each image's text into columns, then convert to numbers."""
    import pandas as pd

    from data.files import open_file

    total = 0
    for name in (TRAINING_FILE, TEST_FILE):
        with open_file(folder, name) as file:
            table = pd.read_csv(file)
        columns = table[IMAGE_COLUMN].str.split(" ", expand=True)
        images = columns.apply(pd.to_numeric).to_numpy().reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
        if name == TRAINING_FILE:
            table[list(COORDINATES)].to_numpy()
        total += int(images.sum())
    return total


def main() -> None:
    """Load and print seconds, peak megabytes without the imports, and a checksum of the pixels."""
    way, folder, cache = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    import pandas as pd  # noqa: F401

    import data.reader  # noqa: F401

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    total = {"ours": ours, "pandas_split": pandas_split}[way](folder, cache)
    seconds = time.perf_counter() - start
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(json.dumps({"seconds": seconds, "megabytes": peak, "total": total}))


if __name__ == "__main__":
    main()
