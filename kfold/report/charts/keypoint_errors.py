"""Which keypoints have the largest error."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from data.competition import ANNOTATORS, KEYPOINTS
from kfold.leaderboard.leaderboard import Leaderboard
from kfold.metrics.score import capped_errors, root_mean
from kfold.report.charts.annotators import COLOURS, WIDTH, annotator_legend
from kfold.report.charts.svg import drawing, inline


def rmse_by_keypoint(leaderboard: Leaderboard) -> Markup:
    """Capped RMSE of every keypoint, a bar per annotator."""
    train = leaderboard.data.train
    errors = capped_errors(train.keypoints, leaderboard.best.entry.oof)
    with drawing(WIDTH, 5.0) as figure:
        panel = figure.subplots()
        for k in range(len(KEYPOINTS)):
            values = {a: root_mean(errors[train.annotator == a, k]) for a in ANNOTATORS}
            known = {a: value for a, value in values.items() if np.isfinite(value)}
            for i, (annotator, value) in enumerate(known.items()):
                y = k + 0.38 * (i - (len(known) - 1) / 2)
                panel.barh(y, value, 0.36, color=COLOURS[annotator])
        panel.set_yticks(range(len(KEYPOINTS)), [name.replace("_", " ") for name in KEYPOINTS])
        panel.tick_params(axis="y", length=0)
        panel.invert_yaxis()
        panel.grid(axis="y", visible=False)
        panel.set_xlabel("RMSE, px")
        annotator_legend(panel, loc="outside upper right", ncols=2)
        return inline(figure, "keypoints", "RMSE by keypoint, a bar per annotator.")
