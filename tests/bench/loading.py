"""Ways to load the competition, each run in a process of its own that reports time and memory."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from data.competition import COORDINATES, IMAGE_COLUMN, IMAGE_SIZE, TEST_FILE, TRAINING_FILE


def ours(folder: Path, cache: Path) -> int:
    """Read everything, from the cache if it is there."""
    from data.reader import read_competition

    data = read_competition(folder, cache)
    # Touch every page: a memory-mapped array is not read before it is used.
    return int(data.train.images.sum(dtype="int64") + data.test.images.sum(dtype="int64"))


def pandas_split(folder: Path, _: Path) -> int:
    """The reference notebook's way: split each image's text into columns, then make numbers."""
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
    """Run one way and print seconds, peak megabytes above the imports, and a checksum."""
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
