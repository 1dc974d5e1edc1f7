"""What the charts of the error section show, in sentences."""

from __future__ import annotations

import numpy as np

from data.competition import ANNOTATORS
from kfold.leaderboard.leaderboard import Leaderboard
from kfold.metrics.score import capped_errors, root_mean
from kfold.report.charts.error_distribution import worst_share
from kfold.report.charts.face_properties import BINS, face_size


def findings(leaderboard: Leaderboard) -> list[str]:
    """Sentences on the worst images, small faces and annotators."""
    train, oof = leaderboard.data.train, leaderboard.best.entry.oof
    errors, size = capped_errors(train.keypoints, oof), face_size(train, oof)
    small = size <= np.quantile(size, 1 / BINS)
    by_annotator = zip(ANNOTATORS, leaderboard.best.capped.by_annotator, strict=True)
    parts = [f"{rmse:.2f} px for annotator {a}" for a, rmse in by_annotator if np.isfinite(rmse)]
    return [
        f"The worst 1% of the images carry {worst_share(train, oof):.0%} of the squared error over "
        f"all labels, and {worst_share(leaderboard.trusted, oof):.0%} over trusted labels.",
        f"The RMSE of the smallest {1 / BINS:.0%} of the faces is {root_mean(errors[small]):.2f} "
        f"px, of the others {root_mean(errors[~small]):.2f} px.",
        f"The RMSE is {' and '.join(parts)}.",
    ]
