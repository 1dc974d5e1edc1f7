"""`make report`: the leaderboard of one run, or of several side by side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data.system.command import run_command


@dataclass(frozen=True)
class ReportOptions:
    """Write the leaderboard and the page of a run again, or compare several runs.

    Several runs must be of the same data. Their report gets a folder of its own: runs/first+second.
    """

    run: tuple[str, ...] = ()
    """Names of the runs; the latest one by default."""
    data: Path | None = None
    """Where the competition's files are now, if they moved since the runs were made."""


def main(options: ReportOptions) -> None:
    """Report on the runs in `options`."""
    from data.system.terminal import open_console
    from kfold.report.write import write_report
    from kfold.runs.open_run import open_named_runs

    runs = open_named_runs(options.run or (None,), options.data)
    write_report(runs, open_console())


if __name__ == "__main__":
    run_command(main, ReportOptions)
