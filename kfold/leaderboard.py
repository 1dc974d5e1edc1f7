"""The CV leaderboard: score every entry of a run and write the table."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from data.atomic import write_text
from data.competition import KEYPOINTS
from data.reader import Competition
from kfold.ensemble import ensembles
from kfold.entries import Entry, constant_baseline, model_entry
from kfold.rank import KAGGLE_TEST_IMAGES, KAGGLE_TEST_VALUES, estimated_rank
from kfold.run import Run
from kfold.score import FARTHEST, Score, rmse, score, untrusted_labels

_COSTS = ("epochs", "images_per_second", "minutes")


@dataclass(frozen=True)
class Line:
    """An entry with its out-of-fold score.

    Attributes:
        entry: what is scored.
        score: pooled over all rows.
        rmse_trusted: RMSE in pixels without the labels that the best line makes out as wrong.
        fold_rmse: the RMSE of each fold, in pixels.
        rank: estimated rank among Kaggle's 175 teams; None on other data.
    """

    entry: Entry
    score: Score
    rmse_trusted: float
    fold_rmse: tuple[float, ...]
    rank: int | None

    @property
    def cells(self) -> dict[str, str | float | int]:
        """The line as it stands in leaderboard.csv."""
        entry = self.entry
        trainings = entry.trainings if entry.kind == "model" else ()
        speeds = [training["images_per_second"] for training in trainings]
        one, two = self.score.by_annotator
        return {
            "name": entry.name,
            "kind": entry.kind,
            "rmse": round(self.score.rmse, 5),
            "rmse_trusted": round(self.rmse_trusted, 5),
            "rmse_low": round(self.score.low, 5),
            "rmse_high": round(self.score.high, 5),
            "rmse_fold_std": round(float(np.std(self.fold_rmse)), 5),
            "rmse_annotator_1": round(one, 5),
            "rmse_annotator_2": round(two, 5),
            "estimated_rank": "" if self.rank is None else self.rank,
            "trainings": len(entry.trainings),
            "epochs": trainings[0]["epochs"] if trainings else "",
            "images_per_second": round(float(np.mean(speeds)), 1) if speeds else "",
            "minutes": round(entry.minutes, 2),
            "parameters": entry.parameters,
            **{
                f"rmse_{name}": round(value, 5)
                for name, value in zip(KEYPOINTS, self.score.by_keypoint, strict=True)
            },
        }


def make_leaderboard(run: Run, data: Competition, folds: np.ndarray) -> list[Line]:
    """Score the constant baseline, every finished model and every ensemble, best first.

    Args:
        run: where the trainings are.
        data: what they were trained on.
        folds: int (N,), the fold of every training row.
    """
    found = (model_entry(run, model, len(data.train)) for model in run.config.models)
    models = [entry for entry in found if entry]
    entries = [
        constant_baseline(data.train, data.test, folds),
        *models,
        *ensembles(models, data.train, data.test, folds),
    ]
    truth = data.train.keypoints
    best = min(entries, key=lambda entry: rmse(truth, entry.oof))
    trusted = np.where(untrusted_labels(truth, best.oof)[..., None], np.nan, truth)
    lines = [_line(entry, data, trusted, folds) for entry in entries]
    return sorted(lines, key=lambda line: line.score.rmse)


def write_leaderboard(run: Run, lines: Sequence[Line]) -> None:
    """Write leaderboard.csv and leaderboard.md into the run's folder."""
    text = io.StringIO()
    table = csv.DictWriter(text, list(lines[0].cells), lineterminator="\n")
    table.writeheader()
    table.writerows(line.cells for line in lines)
    write_text(run.folder / "leaderboard.csv", text.getvalue())
    write_text(run.folder / "leaderboard.md", _markdown(run, lines))


def print_leaderboard(console: Console, run: Run, lines: Sequence[Line]) -> None:
    """Print the table that leaderboard.md holds."""
    header, *rows = board_table(lines)
    title = f"{run.folder}: out-of-fold RMSE in pixels, best first"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for i, name in enumerate(header):
        table.add_column(name, justify="left" if i < 2 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    console.print(table)


def board_table(lines: Sequence[Line]) -> list[list[str]]:
    """The main table as text: a header row, then a row a line."""
    ranked = any(line.rank for line in lines)
    header = ["name", "kind", "RMSE", "95% interval", "folds ±", "ann. 1", "ann. 2", "trusted"]
    header += ["rank"] if ranked else []
    rows = [[*header, "epochs", "img/s", "min"]]
    for line in lines:
        cells = line.cells
        one, two = line.score.by_annotator
        row = [line.entry.name, line.entry.kind, f"{line.score.rmse:.3f}"]
        row += [f"{line.score.low:.3f}-{line.score.high:.3f}", f"{np.std(line.fold_rmse):.3f}"]
        row += [f"{one:.3f}", f"{two:.3f}", f"{line.rmse_trusted:.3f}"]
        row += [f"{line.rank}/175"] if ranked else []
        rows.append([*row, *(f"{cells[name] or '-'}" for name in _COSTS)])
    return rows


def keypoint_table(lines: Sequence[Line]) -> list[list[str]]:
    """RMSE of each of the 15 keypoints as text: a header row, then a row a keypoint."""
    header = ["keypoint", *(line.entry.name for line in lines)]
    rows = [
        [name, *(f"{line.score.by_keypoint[k]:.3f}" for line in lines)]
        for k, name in enumerate(KEYPOINTS)
    ]
    return [header, *rows]


def explanation(run: Run, lines: Sequence[Line]) -> str:
    """What the main table's columns mean."""
    text = (
        f"Out-of-fold RMSE in pixels over {run.config.folds} folds, best first. The interval is a "
        "bootstrap over images, folds ± the standard deviation between folds. Trusted leaves out "
        f"labels farther than {FARTHEST:g} px from the best line's out-of-fold prediction."
    )
    if any(line.rank for line in lines):
        text += (
            " The rank is an estimate: the place that the out-of-fold score would have had among "
            "the 175 private scores of the frozen leaderboard."
        )
    return text


def _line(entry: Entry, data: Competition, trusted: np.ndarray, folds: np.ndarray) -> Line:
    total = score(data.train, entry.oof)
    by_fold = tuple(
        rmse(data.train.keypoints[folds == fold], entry.oof[folds == fold])
        for fold in np.unique(folds)
    )
    is_kaggle = (len(data.test), len(data.lookup)) == (KAGGLE_TEST_IMAGES, KAGGLE_TEST_VALUES)
    rank = estimated_rank(total.rmse) if is_kaggle else None
    return Line(entry, total, rmse(trusted, entry.oof), by_fold, rank)


def _markdown(run: Run, lines: Sequence[Line]) -> str:
    tables = (board_table(lines), keypoint_table(lines))
    title, text = f"# {run.folder.name}", explanation(run, lines)
    return "\n\n".join([title, text, *map(_markdown_table, tables)]) + "\n"


def _markdown_table(rows: list[list[str]]) -> str:
    rule = ["---"] * len(rows[0])
    return "\n".join("| " + " | ".join(row) + " |" for row in [rows[0], rule, *rows[1:]])
