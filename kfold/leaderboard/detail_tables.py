"""Tables below the leaderboard: by keypoint, test-time view and seed, weights, axis offsets."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.competition import ANNOTATORS, KEYPOINTS
from kfold.leaderboard.leaderboard import Leaderboard
from kfold.leaderboard.line import Line


def detail_tables(leaderboard: Leaderboard) -> dict[str, pd.DataFrame]:
    """Every table that has a row, as text, by title."""
    tables = {
        "Capped RMSE by keypoint, in pixels": _by_keypoint(leaderboard),
        "Capped RMSE of each test-time view, in pixels": _by_view(leaderboard),
        "Capped RMSE of each seed, in pixels": _by_seed(leaderboard),
        "Weights of the ensembles": _weights(leaderboard),
        "Learned offset from the mirror axis, in pixels to the right": _offsets(leaderboard),
    }
    return {title: table for title, table in tables.items() if len(table)}


def pixels_text(rmse: float) -> str:
    """An RMSE in pixels with three decimals; '-' for NaN."""
    return "-" if np.isnan(rmse) else f"{rmse:.3f}"


def _by_keypoint(leaderboard: Leaderboard) -> pd.DataFrame:
    names = [line.entry.name for line in leaderboard.lines]
    columns = [map(pixels_text, line.capped.by_keypoint) for line in leaderboard.lines]
    rows = zip(KEYPOINTS, *columns, strict=True)
    return pd.DataFrame(rows, columns=["keypoint", *names])


def _by_view(leaderboard: Leaderboard) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "model": line.entry.name,
            "view": view,
            "alone": f"{alone:.3f}",
            "mean of all": f"{line.capped.rmse:.3f}",
        }
        for line in leaderboard.lines
        if len(line.entry.view_rmse) > 1
        for view, alone in line.entry.view_rmse.items()
    )


def _by_seed(leaderboard: Leaderboard) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "model": line.entry.name,
            "seed": f"{seed}",
            "alone": f"{alone:.3f}",
            "mean of all": f"{line.capped.rmse:.3f}",
        }
        for line in leaderboard.lines
        if len(line.entry.seed_rmse) > 1
        for seed, alone in line.entry.seed_rmse.items()
    )


def _weights(leaderboard: Leaderboard) -> pd.DataFrame:
    """Members of each ensemble that have weight; `refined` has the weights of `stack`."""
    return pd.DataFrame(
        {
            "ensemble": line.entry.name,
            "member": member,
            **{f"annotator {a}": f"{w:.3f}" for a, w in zip(ANNOTATORS, weights, strict=True)},
        }
        for line in leaderboard.lines
        if line.entry.kind == "ensemble" and not line.entry.refined
        for member, weights in line.entry.weights.items()
        if any(weights)
    )


def _offsets(leaderboard: Leaderboard) -> pd.DataFrame:
    """Mean offsets over a model's trainings, a row per annotator."""
    return pd.DataFrame(
        {
            "model": line.entry.name,
            "annotator": f"{annotator}",
            **{name: f"{value:+.2f}" for name, value in zip(KEYPOINTS, offset, strict=True)},
        }
        for line in leaderboard.lines
        for annotator, offset in zip(ANNOTATORS, _mean_offset(line), strict=False)
    )


def _mean_offset(line: Line) -> np.ndarray:
    """Pixels (2 annotators, 15); empty for an entry that learns no offset."""
    trainings = line.entry.trainings if line.entry.kind == "model" else ()
    offsets = [training.axis_offset for training in trainings if training.axis_offset]
    return np.mean(offsets, axis=0) if offsets else np.empty(0)
