"""Seconds to fit and score the ensembles of a run, and to write its submission."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

import numpy as np

from data.competition import COORDINATES, SAMPLE_SUBMISSION_FILE, SUBMISSION_HEADER
from data.lookup import Lookup
from kfold.leaderboard.leaderboard import make_leaderboard
from submit.submission import write_submission
from tests.kfold.finished_run import finished_run, random_competition

TRAIN, TEST, MEMBERS = 7049, 1783, 4
"""As many faces as in Kaggle's files, and four models."""


def main() -> None:
    """Measure both on random predictions."""
    with tempfile.TemporaryDirectory() as folder:
        data = random_competition(TRAIN, TEST)
        models = {f"model{i}": [1.0 + i] for i in range(MEMBERS)}
        opened = finished_run(Path(folder, "run"), data, models)
        start = time.perf_counter()
        leaderboard = make_leaderboard([opened])
        blended = time.perf_counter()
        coordinates = np.arange(TEST * len(COORDINATES))
        lookup = Lookup(coordinates + 1, *np.divmod(coordinates, len(COORDINATES)))
        sample = [",".join(SUBMISSION_HEADER), *(f"{row},0" for row in lookup.row_ids)]
        Path(folder, SAMPLE_SUBMISSION_FILE).write_text("\n".join(sample) + "\n")
        written = time.perf_counter()
        test = leaderboard.lines[0].entry.test
        write_submission(Path(folder, "submission.csv"), lookup, test, Path(folder))
        figures = {"blend": blended - start, "submission": time.perf_counter() - written}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
