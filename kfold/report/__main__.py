"""`make report`: the leaderboard of one run, or of several side by side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data.errors import run_command


@dataclass(frozen=True)
class Options:
    """Write the leaderboard of a run again, with its page; or compare several runs.

    Several runs, which must be of the same data, get a folder of their own: runs/first+second.
    """

    runs: tuple[str, ...] = ()
    """Names of the runs; the latest one by default."""
    data: Path | None = None
    """Where the competition's files are now, if they moved since the runs were made."""


def main(options: Options) -> None:
    """Report on the runs that `options` name."""
    from data.terminal import open_console
    from kfold.report.write import write_report
    from kfold.run import open_finished

    opened = [open_finished(name, options.data) for name in options.runs or (None,)]
    runs = [(run, folds) for run, _, folds in opened]
    write_report(runs, next(data for _, data, _ in opened), open_console())


if __name__ == "__main__":
    run_command(main, Options)
