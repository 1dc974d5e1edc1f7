"""What the review page shows, as values for JSON."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from data.competition import IMAGE_SIZE, KEYPOINTS, MIRROR
from data.corrections import DATA_DIGITS
from data.faces import Faces
from kfold.labels.duplicates import Duplicates, same_annotator_pairs
from kfold.labels.suspects import Suspect
from kfold.leaderboard.leaderboard import Leaderboard
from kfold.review.sheets import COLUMNS

DISAGREEMENT = 4.0
"""Pixels from which two labels of a keypoint in one image, by one annotator, disagree."""


def review_contents(
    leaderboard: Leaderboard, duplicates: Duplicates, compared: Faces, suspects: Sequence[Suspect]
) -> dict[str, Any]:
    """Everything about the faces but their pixels; rows are indices from 0.

    Args:
        leaderboard: of one run.
        duplicates: among its N training faces.
        compared: these faces with the labels that were compared to find the suspects.
        suspects: worst first.
    """
    train = leaderboard.data.train
    return {
        "run": leaderboard.runs[0].run.name,
        "line": leaderboard.best.entry.name,
        "checksum": leaderboard.data.checksum[:DATA_DIGITS],
        "size": IMAGE_SIZE,
        "columns": COLUMNS,
        "keypoints": KEYPOINTS,
        "mirror": MIRROR,
        "ids": train.ids.tolist(),
        "annotators": train.annotator.tolist(),
        "labels": _float32(train.keypoints),
        "predictions": _float32(leaderboard.best.entry.oof),
        "suspects": [
            {
                "row": suspect.row,
                "fault": suspect.fault,
                "score": round(suspect.score, 1),
                "reason": suspect.reason,
                "keypoints": suspect.keypoints
                or np.flatnonzero(compared.labelled[suspect.row]).tolist(),
            }
            for suspect in suspects
        ],
        "disagreeing": disagreeing_rows(compared, duplicates),
        "copies": [rows.tolist() for rows in duplicates.identical],
        "versions": [rows.tolist() for rows in duplicates.similar],
    }


def disagreeing_rows(faces: Faces, duplicates: Duplicates) -> list[int]:
    """Rows whose image the same annotator labelled otherwise in another row, worst pair first."""
    apart = {
        pair: float(np.nanmax(distances))
        for pair in same_annotator_pairs(faces, duplicates.identical)
        if np.isfinite(
            distances := np.hypot(*(faces.keypoints[pair[0]] - faces.keypoints[pair[1]]).T)
        ).any()
    }
    pairs = sorted((pair for pair in apart if apart[pair] > DISAGREEMENT), key=lambda p: -apart[p])
    return list(dict.fromkeys(row for pair in pairs for row in pair))


def _float32(points: np.ndarray) -> str:
    """Points (N, 15, 2) as their bytes, little-endian float32, in base64."""
    return base64.b64encode(points.astype("<f4").tobytes()).decode()
