"""How errors are distributed: over labels, and over images, few of which carry most of them."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from data.competition import ANNOTATORS
from data.faces import Faces
from kfold.leaderboard.leaderboard import Leaderboard
from kfold.metrics.score import CAP, squared_errors
from kfold.report.charts.annotators import COLOURS, HEIGHT, WIDTH, annotator_legend
from kfold.report.charts.svg import INK, drawing, inline

DASHES = (0, (3, 2))


def error_histogram(leaderboard: Leaderboard) -> Markup:
    """Numbers of labels by distance from their out-of-fold prediction."""
    train, oof = leaderboard.data.train, leaderboard.best.entry.oof
    distance = np.sqrt(squared_errors(train.keypoints, oof).sum(axis=-1))
    with drawing(WIDTH, HEIGHT) as figure:
        panel = figure.subplots()
        edges = np.linspace(0, max(2 * CAP, np.nanpercentile(distance, 99.9)), 41)
        parts = [distance[train.annotator == a] for a in ANNOTATORS]
        parts = [np.minimum(part[np.isfinite(part)], edges[-1]) for part in parts]
        for part, colour in zip(parts, COLOURS.values(), strict=True):
            panel.hist(part, edges.tolist(), histtype="step", color=colour, linewidth=1.5)
        panel.axvline(CAP, color=INK, linewidth=1, linestyle=DASHES)
        top = (CAP, 0.97)
        panel.annotate(
            "capped", top, (5, 0), panel.get_xaxis_transform(), "offset points", va="top"
        )
        panel.set_yscale("log")
        panel.tick_params(which="minor", length=0)
        panel.yaxis.set_major_formatter("{x:g}")
        panel.set(xlabel="distance from the prediction, px (last bin: and more)", ylabel="labels")
        annotator_legend(panel, loc="upper right")
        median, far = np.nanmedian(distance), np.mean(distance[np.isfinite(distance)] > CAP)
        text = (
            f"Histogram of the distance between label and prediction: the median is "
            f"{median:.2f} px, {far:.2%} are above {CAP:g} px."
        )
        return inline(figure, "histogram", text)


def worst_share(faces: Faces, prediction: np.ndarray, share: float = 0.01) -> float:
    """Part of the total squared error, 0 to 1, in the worst `share` of the images."""
    sums = _error_of_images(faces, prediction)
    return float(sums[: max(1, round(share * len(sums)))].sum() / max(sums.sum(), 1e-12))


def concentration(leaderboard: Leaderboard) -> Markup:
    """Part of the total squared error in the worst images, by their share of all images."""
    train, oof = leaderboard.data.train, leaderboard.best.entry.oof
    with drawing(WIDTH, HEIGHT) as figure:
        panel = figure.subplots()
        lines = ((train, "all labels", "-"), (leaderboard.trusted, "trusted labels", ":"))
        for faces, name, style in lines:
            sums = _error_of_images(faces, oof)
            parts = np.cumsum(sums) / max(sums.sum(), 1e-12)
            images = np.arange(1, len(parts) + 1) / len(parts)
            shown = np.unique(np.geomspace(1, len(parts), 120).astype(int)) - 1
            panel.plot(100 * images[shown], 100 * parts[shown], color=INK, ls=style, label=name)
        panel.axvline(1, color=INK, linewidth=1, linestyle=DASHES)
        panel.set_xscale("log")
        panel.tick_params(which="minor", length=0)
        panel.xaxis.set_major_formatter("{x:g}%")
        panel.yaxis.set_major_formatter("{x:g}%")
        panel.set(xlabel="worst images", ylabel="share of the squared error", ylim=(0, 102))
        panel.legend(loc="lower right")
        share = worst_share(train, oof)
        text = f"The worst 1% of the images carry {share:.0%} of the squared error."
        return inline(figure, "concentration", text)


def _error_of_images(faces: Faces, prediction: np.ndarray) -> np.ndarray:
    """Squared error of each image summed over its labels, largest first."""
    return np.sort(np.nansum(squared_errors(faces.keypoints, prediction), axis=(1, 2)))[::-1]
