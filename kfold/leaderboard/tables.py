"""The leaderboard as leaderboard.csv, as leaderboard.md, and in the terminal."""

from __future__ import annotations

import numpy as np
import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from data.competition import KEYPOINTS
from data.system.atomic import write_csv, write_text
from kfold.leaderboard.detail_tables import detail_tables, pixels_text
from kfold.leaderboard.leaderboard import Leaderboard
from kfold.leaderboard.line import Line
from kfold.metrics.score import CAP
from kfold.runs.joined import JOINED

LEADERBOARD = "leaderboard.csv"
DECIMALS = 5
"""Of RMSE and shares in leaderboard.csv; finer digits are noise of the arithmetic."""


def write_leaderboard(leaderboard: Leaderboard) -> None:
    """Write leaderboard.csv and leaderboard.md into the leaderboard's folder."""
    folder = leaderboard.folder
    write_csv(folder / LEADERBOARD, leaderboard_frame(leaderboard))
    parts = [f"# {folder.name}", explanation(leaderboard), markdown(summary_table(leaderboard))]
    parts += leaderboard.notes
    for title, table in detail_tables(leaderboard).items():
        parts += [f"## {title}", markdown(table)]
    write_text(folder / "leaderboard.md", "\n\n".join(parts) + "\n")


def print_leaderboard(console: Console, leaderboard: Leaderboard) -> None:
    """Print the summary table."""
    frame = summary_table(leaderboard)
    title = f"{leaderboard.folder}: out-of-fold RMSE in pixels, best first"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for i, name in enumerate(frame.columns):
        table.add_column(name, justify="left" if i < 2 else "right", no_wrap=True)
    for row in frame.to_numpy().tolist():
        table.add_row(*row)
    console.print(table)


def leaderboard_frame(leaderboard: Leaderboard) -> pd.DataFrame:
    """The leaderboard in numbers, a row per line.

    RMSE in pixels. Missing: ranks on other data than Kaggle's, epochs and speed of baselines and
    ensembles, costs of joined predictions, RMSE without a label, scatter of fewer than two seeds.
    """
    frame = pd.DataFrame([_numbers(line) for line in leaderboard.lines])
    frame.insert(frame.columns.get_loc("rmse_low"), "untrusted_share", leaderboard.untrusted_share)
    integers = dict.fromkeys(("estimated_rank", "trainings", "epochs", "parameters"), "Int64")
    frame = frame.astype(integers | {"images_per_second": float, "minutes": float})
    decimals = dict.fromkeys(frame.select_dtypes("float"), DECIMALS)
    return frame.round(decimals | {"images_per_second": 1, "minutes": 2})


def _numbers(line: Line) -> dict[str, object]:
    entry, score, capped, gap = line.entry, line.score, line.capped, line.gap
    elsewhere = entry.kind == JOINED  # at a cost that is not known here
    return {
        "name": entry.name,
        "kind": entry.kind,
        "rmse": score.rmse,
        "rmse_capped": capped.rmse,
        "rmse_capped_low": line.interval[0],
        "rmse_capped_high": line.interval[1],
        "gap": gap.mean,
        "gap_low": gap.low,
        "gap_high": gap.high,
        "rmse_capped_fold_std": np.std(line.fold_rmse, ddof=1),
        "rmse_capped_annotator_1": capped.by_annotator[0],
        "rmse_capped_annotator_2": capped.by_annotator[1],
        "rmse_capped_one_seed": line.one_seed,
        "rmse_capped_seed_std": line.seed_deviation,
        "rmse_trusted": line.trusted,
        "rmse_capped_corrected": line.corrected,
        "rmse_low": score.low,
        "rmse_high": score.high,
        "rmse_annotator_1": score.by_annotator[0],
        "rmse_annotator_2": score.by_annotator[1],
        "estimated_rank": line.rank,
        "trainings": None if elsewhere else len(entry.trainings),
        "epochs": entry.epochs,
        "images_per_second": entry.images_per_second,
        "minutes": None if elsewhere else entry.minutes,
        "parameters": None if elsewhere else entry.parameters,
        **{f"rmse_{name}": value for name, value in zip(KEYPOINTS, score.by_keypoint, strict=True)},
    }


def explanation(leaderboard: Leaderboard) -> str:
    """What the columns of the summary table mean."""
    text = (
        "Out-of-fold RMSE in pixels, best first. Capped counts no label as farther than "
        f"{CAP:g} px from its prediction, so that few wrong labels do not decide. "
        f"{leaderboard.covered} Gap is the difference to the best line, with its own interval; if "
        "that reaches 0, it is a tie. Folds ± is the standard deviation over folds. One seed is "
        "the score of a single training per fold, mean and standard deviation over seeds. Trusted "
        f"is the RMSE without the {leaderboard.untrusted_share:.2%} of the labels that are far "
        "from the predictions of all lines near the best. All labels is Kaggle's metric."
    )
    if any(line.entry.kind == JOINED for line in leaderboard.lines):
        text += " Joined lines are predictions that were made elsewhere."
    if leaderboard.teams:
        text += (
            " Rank is an estimate: where the RMSE over all labels would place among the scores of "
            f"the {leaderboard.teams} teams over Kaggle's whole test set, public and private."
        )
    return text


def summary_table(leaderboard: Leaderboard) -> pd.DataFrame:
    """The leaderboard as text, a row per line."""
    return pd.DataFrame([_summary(line, leaderboard.teams) for line in leaderboard.lines])


def _summary(line: Line, teams: int) -> dict[str, str]:
    entry, capped = line.entry, line.capped
    return {
        "name": entry.name,
        "kind": entry.kind,
        "capped": f"{capped.rmse:.3f}",
        "95% interval": f"{line.interval[0]:.3f}-{line.interval[1]:.3f}",
        "gap": gap_text(line),
        "folds ±": f"{np.std(line.fold_rmse, ddof=1):.3f}",
        "one seed": "-"
        if np.isnan(line.seed_deviation)
        else f"{line.one_seed:.3f} ± {line.seed_deviation:.3f}",
        "annotator 1": pixels_text(capped.by_annotator[0]),
        "annotator 2": pixels_text(capped.by_annotator[1]),
        **({} if np.isnan(line.corrected) else {"corrected": f"{line.corrected:.3f}"}),
        "trusted": f"{line.trusted:.3f}",
        "all labels": f"{line.score.rmse:.3f}",
        **({"rank": f"{line.rank}/{teams}"} if teams else {}),
        "epochs": f"{entry.epochs or '-'}",
        "img/s": f"{entry.images_per_second:.1f}" if entry.images_per_second else "-",
        "min": f"{entry.minutes:.2f}" if entry.minutes else "-",
    }


def gap_text(line: Line) -> str:
    """The gap with its interval; 'best' for the best line."""
    gap = line.gap
    return f"{gap.mean:+.3f} ({gap.low:+.3f} to {gap.high:+.3f})" if gap.low or gap.high else "best"


def markdown(table: pd.DataFrame) -> str:
    """A table of text in Markdown."""
    rows = [list(table.columns), ["---"] * len(table.columns), *table.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
