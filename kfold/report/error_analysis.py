"""Charts of where the best line's error is: which keypoints, which faces, how few of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from data.competition import ANNOTATORS, EYES, KEYPOINTS
from data.faces import Faces
from kfold.report.chart import FIRST, INK, SECOND, drawing, inline
from kfold.report.subject import Subject
from kfold.run import read_groups
from kfold.score import FARTHEST, bootstrap_rmse, interval, root_mean, squared_errors

COLOURS = dict(zip(ANNOTATORS, (FIRST, SECOND), strict=True))
WIDTH, HEIGHT = 4.7, 3.0
BINS = 6


def by_keypoint(subject: Subject) -> Markup:
    """Trusted RMSE of every keypoint, a bar for each annotator."""
    errors = squared_errors(subject.trusted.keypoints, subject.oof)
    with drawing(WIDTH, 5.0) as figure:
        panel = figure.subplots()
        for k in range(len(KEYPOINTS)):
            values = {a: root_mean(errors[subject.trusted.annotator == a, k]) for a in ANNOTATORS}
            known = {a: value for a, value in values.items() if np.isfinite(value)}
            for i, (annotator, value) in enumerate(known.items()):
                place = k + 0.38 * (i - (len(known) - 1) / 2)
                panel.barh(place, value, 0.36, color=COLOURS[annotator])
        panel.set_yticks(range(len(KEYPOINTS)), [_spoken(name) for name in KEYPOINTS])
        panel.tick_params(axis="y", length=0)
        panel.invert_yaxis()
        panel.grid(axis="y", visible=False)
        panel.set_xlabel("RMSE, px")
        _legend(panel, loc="outside upper right", ncols=2)
        return inline(figure, "keypoints", "RMSE by keypoint, a bar for each annotator.")


def by_property(subject: Subject) -> list[tuple[str, Markup]]:
    """Trusted RMSE against the faces' size, tilt and brightness; each with its heading."""
    return [
        (title, _against(subject, measure(subject.trusted, subject.oof), title.lower(), unit))
        for title, unit, measure in PROPERTIES
    ]


def error_histogram(subject: Subject) -> Markup:
    """How many labels lie how far from their prediction."""
    distance = np.sqrt(squared_errors(subject.data.train.keypoints, subject.oof).sum(axis=-1))
    with drawing(WIDTH, HEIGHT) as figure:
        panel = figure.subplots()
        edges = np.linspace(0, max(2 * FARTHEST, np.nanpercentile(distance, 99.9)), 41)
        parts = [distance[subject.data.train.annotator == a] for a in ANNOTATORS]
        parts = [np.minimum(part[np.isfinite(part)], edges[-1]) for part in parts]
        for part, colour in zip(parts, COLOURS.values(), strict=True):
            panel.hist(part, edges.tolist(), histtype="step", color=colour, linewidth=1.5)
        if subject.best.flagged:
            panel.axvline(FARTHEST, color=INK, linewidth=1, linestyle=(0, (3, 2)))
            top = (FARTHEST, 0.97)
            panel.annotate(
                "not trusted", top, (5, 0), panel.get_xaxis_transform(), "offset points", va="top"
            )
        panel.set_yscale("log")
        panel.tick_params(which="minor", length=0)
        panel.yaxis.set_major_formatter("{x:g}")
        panel.set(xlabel="distance of label and prediction, px; last bar: more", ylabel="labels")
        _legend(panel, loc="upper right")
        median, far = np.nanmedian(distance), np.mean(distance[np.isfinite(distance)] > FARTHEST)
        text = (
            f"Histogram of the distance between label and prediction: half are below "
            f"{median:.2f} px, {far:.2%} above {FARTHEST:g} px."
        )
        return inline(figure, "histogram", text)


def findings(subject: Subject) -> list[str]:
    """What the charts say, in sentences."""
    errors = squared_errors(subject.trusted.keypoints, subject.oof)
    small = _size(subject.trusted, subject.oof)
    small = small <= np.quantile(small, 1 / BINS)
    each = zip(ANNOTATORS, subject.best.trusted.by_annotator, strict=True)
    parts = [f"annotator {name}'s {rmse:.2f} px" for name, rmse in each if np.isfinite(rmse)]
    return [
        f"The worst 1% of the images carry {worst_share(subject.data.train, subject.oof):.0%} of "
        f"the squared error, and {worst_share(subject.trusted, subject.oof):.0%} of what is left "
        "on trusted labels.",
        f"The smallest sixth of the faces have an RMSE of {root_mean(errors[small]):.2f} px, the "
        f"others {root_mean(errors[~small]):.2f} px.",
        f"The RMSE on labels of each annotator: {', '.join(parts)}.",
    ]


def worst_share(faces: Faces, prediction: np.ndarray, share: float = 0.01) -> float:
    """Part of the squared error that the worst `share` of the images carry."""
    sums = np.sort(np.nansum(squared_errors(faces.keypoints, prediction), axis=(1, 2)))[::-1]
    return float(sums[: max(1, round(share * len(sums)))].sum() / max(sums.sum(), 1e-12))


def concentration(subject: Subject) -> Markup:
    """The part of the squared error that the worst images carry, by how many they are."""
    with drawing(WIDTH, HEIGHT) as figure:
        panel = figure.subplots()
        lines = ((subject.data.train, "all labels", "-"), (subject.trusted, "trusted", ":"))
        for faces, name, style in lines:
            sums = np.nansum(squared_errors(faces.keypoints, subject.oof), axis=(1, 2))
            parts = np.cumsum(np.sort(sums)[::-1]) / max(sums.sum(), 1e-12)
            images = np.arange(1, len(parts) + 1) / len(parts)
            shown = np.unique(np.geomspace(1, len(parts), 120).astype(int)) - 1
            panel.plot(100 * images[shown], 100 * parts[shown], color=INK, ls=style, label=name)
        panel.axvline(1, color=INK, linewidth=1, linestyle=(0, (3, 2)))
        panel.set_xscale("log")
        panel.tick_params(which="minor", length=0)
        panel.xaxis.set_major_formatter("{x:g}%")
        panel.yaxis.set_major_formatter("{x:g}%")
        panel.set(xlabel="worst images", ylabel="of the squared error", ylim=(0, 102))
        panel.legend(loc="lower right")
        share = worst_share(subject.data.train, subject.oof)
        text = f"The worst 1% of the images carry {share:.0%} of the squared error."
        return inline(figure, "concentration", text)


def _against(subject: Subject, values: np.ndarray, title: str, unit: str) -> Markup:
    """RMSE within `BINS` equally full ranges of a property, with 95% intervals."""
    with drawing(WIDTH, HEIGHT) as figure:
        panel = figure.subplots()
        said = []
        for annotator in ANNOTATORS:
            rows = subject.trusted.annotator == annotator
            if rows.sum() < 2 * BINS:
                continue
            middles, scores, ends = _binned(subject, rows, values)
            bars = np.abs(np.transpose(ends) - scores)
            panel.errorbar(
                middles, scores, bars, color=COLOURS[annotator], marker="o", ms=4, lw=1.4
            )
            said.append(f"annotator {annotator} from {scores[0]:.2f} to {scores[-1]:.2f} px")
        panel.set(xlabel=f"{title}, {unit}", ylabel="RMSE, px")
        panel.set_ylim(bottom=0)
        panel.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        _legend(panel, loc="lower right")
        return inline(figure, title, f"RMSE from low to high {title}: {'; '.join(said)}.")


def _binned(
    subject: Subject, rows: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray, list[tuple[float, float]]]:
    errors = squared_errors(subject.trusted.keypoints[rows], subject.oof[rows])
    groups = read_groups(subject.runs[0][0])[rows]
    parts = np.array_split(np.argsort(values[rows]), BINS)
    middles = [np.median(values[rows][part]) for part in parts]
    scores = [np.sqrt(np.nanmean(errors[part])) for part in parts]
    ends = [interval(bootstrap_rmse(errors[part], groups[part])) for part in parts]
    return np.array(middles), np.array(scores), ends


def _size(faces: Faces, prediction: np.ndarray) -> np.ndarray:
    """Distance between the eyes, which both annotators mark alike; as predicted, without gaps."""
    return np.hypot(*(prediction[:, EYES[0]] - prediction[:, EYES[1]]).T)


def _tilt(faces: Faces, prediction: np.ndarray) -> np.ndarray:
    """Angle of the line between the eyes, 0 if it is level, in degrees clockwise."""
    x, y = (prediction[:, EYES[0]] - prediction[:, EYES[1]]).T
    return np.degrees(np.arctan2(y, x))


def _brightness(faces: Faces, prediction: np.ndarray) -> np.ndarray:
    return faces.images.mean(axis=(1, 2))


Measure = Callable[[Faces, np.ndarray], np.ndarray]
PROPERTIES: tuple[tuple[str, str, Measure], ...] = (
    ("Size", "px between the eyes", _size),
    ("Tilt", "degrees clockwise", _tilt),
    ("Brightness", "mean gray value", _brightness),
)


def _legend(panel: Axes, **place: object) -> None:
    for annotator, colour in COLOURS.items():
        panel.plot([], color=colour, linewidth=5, label=f"annotator {annotator}")
    if "outside" in str(place["loc"]):
        panel.figure.legend(**place)
    else:
        panel.legend(**place)


def _spoken(name: str) -> str:
    return name.replace("_", " ")
