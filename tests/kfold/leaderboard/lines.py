"""Lines of a leaderboard by the name of their entry."""

from kfold.leaderboard.leaderboard import Line, make_leaderboard
from kfold.runs.open_run import OpenRun


def lines_by_name(*runs: OpenRun) -> dict[str, Line]:
    return {line.entry.name: line for line in make_leaderboard(runs).lines}
