"""The leaderboard as text: printed, as markdown, as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from data.atomic import write_text
from data.competition import ANNOTATORS, KEYPOINTS
from kfold.leaderboard import Line
from kfold.score import FARTHEST, MOST_FLAGGED

Rows = list[list[str]]
"""A table: a header row, then the others."""


def write_leaderboard(folder: Path, lines: Sequence[Line], note: str = "") -> None:
    """Write leaderboard.csv and leaderboard.md into `folder`, the latter with a note."""
    text = io.StringIO()
    table = csv.DictWriter(text, list(lines[0].cells), lineterminator="\n")
    table.writeheader()
    table.writerows(line.cells for line in lines)
    write_text(folder / "leaderboard.csv", text.getvalue())
    parts = [f"# {folder.name}", explanation(lines), _markdown(board_table(lines))]
    parts += [note] if note else []
    for title, rows in detail_tables(lines).items():
        parts += [f"## {title}", _markdown(rows)]
    write_text(folder / "leaderboard.md", "\n\n".join(parts) + "\n")


def print_leaderboard(console: Console, folder: Path, lines: Sequence[Line]) -> None:
    """Print the main table."""
    header, *rows = board_table(lines)
    title = f"{folder}: out-of-fold RMSE in pixels, best first"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for i, name in enumerate(header):
        table.add_column(name, justify="left" if i < 2 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    console.print(table)


def explanation(lines: Sequence[Line]) -> str:
    """What the main table's columns mean."""
    text = (
        "Out-of-fold RMSE in pixels, best first. Trusted leaves out labels farther than "
        f"{FARTHEST:g} px from the out-of-fold prediction that is best on all, here "
        f"{lines[0].flagged:.2%} of them (none if they would be more than {MOST_FLAGGED:.0%}); its "
        "interval is a bootstrap over groups of like faces, to best the difference to the first "
        "line with the interval that the same samples give it (one that reaches 0 is a tie), folds "
        "± the standard deviation between folds, one seed what a single training a fold scores "
        "(mean and standard deviation over seeds), and annotators 1 and 2 are its parts."
    )
    if any(line.rank for line in lines):
        text += (
            " The rank is an estimate: the place that the RMSE over all labels would have had "
            f"among the {lines[0].teams} private scores of Kaggle's leaderboard."
        )
    return text


def board_table(lines: Sequence[Line]) -> Rows:
    """The main table, a row a line."""
    ranked = any(line.rank for line in lines)
    header = [
        "name",
        "kind",
        "trusted",
        "95% interval",
        "to best",
        "folds ±",
        "one seed",
        "ann. 1",
        "ann. 2",
        "all labels",
    ]
    header += ["rank"] if ranked else []
    rows = [[*header, "epochs", "img/s", "min"]]
    for line in lines:
        cells, trusted = line.cells, line.trusted
        row = [line.entry.name, line.entry.kind, f"{trusted.rmse:.3f}"]
        row += [f"{trusted.low:.3f}-{trusted.high:.3f}", to_best(line)]
        row += [f"{np.std(line.fold_rmse):.3f}"]
        seeds = line.seed_rmse
        row += [f"{np.mean(seeds):.3f} ± {np.std(seeds):.3f}" if len(seeds) > 1 else "-"]
        row += [*map(_px, trusted.by_annotator), f"{line.score.rmse:.3f}"]
        row += [f"{line.rank}/{line.teams}"] if ranked else []
        costs = (cells[name] for name in ("epochs", "images_per_second", "minutes"))
        rows.append([*row, *(f"{cost or '-'}" for cost in costs)])
    return rows


def to_best(line: Line) -> str:
    """The difference to the best line in words."""
    behind, low, high = line.behind
    return f"{behind:+.3f} ({low:+.3f} to {high:+.3f})" if low or high else "best"


def detail_tables(lines: Sequence[Line]) -> dict[str, Rows]:
    """The tables below the main one, by title."""
    tables = {"Trusted RMSE by keypoint, in pixels": _keypoint_table(lines)}
    views = [line for line in lines if len(line.view_rmse) > 1]
    if views:
        tables["Trusted RMSE of each view alone, in pixels"] = [
            ["view", "alone", "the mean of all views"],
            *(
                [view.name, f"{alone:.3f}", f"{line.trusted.rmse:.3f}"]
                for line in views
                for view, alone in zip(line.entry.views, line.view_rmse, strict=True)
            ),
        ]
    repeated = [line for line in lines if len(line.seed_rmse) > 1]
    if repeated:
        tables["Trusted RMSE of each seed alone, in pixels"] = [
            ["model", "finished seed", "alone", "the mean of all seeds"],
            *(
                [line.entry.name, f"{number}", f"{alone:.3f}", f"{line.trusted.rmse:.3f}"]
                for line in repeated
                for number, alone in enumerate(line.seed_rmse, 1)
            ),
        ]
    weights = [line.entry for line in lines if line.entry.weights]
    if weights:
        tables["Weights of the ensembles"] = [
            ["ensemble", "member", *(f"annotator {annotator}" for annotator in ANNOTATORS)],
            *(
                [entry.name, member, *(f"{value:.3f}" for value in values)]
                for entry in weights
                for member, values in entry.weights.items()
            ),
        ]
    offsets = {line.entry.name: _mean_offset(line) for line in lines if line.entry.kind == "model"}
    known = {name: offset for name, offset in offsets.items() if offset is not None}
    if known:
        tables["Learned offset from the mirror axis, in pixels to the right"] = [
            ["model", "annotator", *KEYPOINTS],
            *(
                [name, f"{annotator}", *(f"{value:+.2f}" for value in values)]
                for name, offset in known.items()
                for annotator, values in zip(ANNOTATORS, offset, strict=True)
            ),
        ]
    return tables


def _keypoint_table(lines: Sequence[Line]) -> Rows:
    header = ["keypoint", *(line.entry.name for line in lines)]
    rows = [
        [name, *(_px(line.trusted.by_keypoint[k]) for line in lines)]
        for k, name in enumerate(KEYPOINTS)
    ]
    return [header, *rows]


def _px(rmse: float) -> str:
    return "-" if np.isnan(rmse) else f"{rmse:.3f}"


def _mean_offset(line: Line) -> np.ndarray | None:
    """Mean over a model's trainings, (2 annotators, 15) in px; None if it learns none."""
    each = [training.get("axis_offset") for training in line.entry.trainings]
    offsets = [offset for offset in each if offset]
    return np.mean(offsets, axis=0) if offsets else None


def _markdown(rows: Rows) -> str:
    rule = ["---"] * len(rows[0])
    return "\n".join("| " + " | ".join(row) + " |" for row in [rows[0], rule, *rows[1:]])
