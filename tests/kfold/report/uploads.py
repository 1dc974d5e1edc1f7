"""A ledger of three scored submissions, one of them of run `one`."""

from pathlib import Path

from kfold.submissions.ledger import Upload, open_ledger

SCORES = [("one", 1.5, 1.7, 1.6), ("other", 2.0, 2.3, 2.0), ("other", 3.0, 3.2, 3.1)]
"""Run, out-of-fold, public and private score of each."""


def write_ledger(path: Path) -> None:
    with open_ledger(path) as uploads:
        for i, (run, *scores) in enumerate(SCORES):
            uploads.append(Upload("2026-01-01", run, f"{i}", "m", *scores, 9, reference=i))
