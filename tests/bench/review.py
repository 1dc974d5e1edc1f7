"""The review of a run with made-up predictions: `python -m tests.bench.review DATA`.

Measures `make review SERVE=0`, the time until the first face is on the screen, the time from a key
to the next face, in the order of suspicion and in one that jumps from sheet to sheet, and 60
corrections by keys.
"""

from __future__ import annotations

import json
import sys
import tempfile
from contextlib import chdir
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
from playwright.sync_api import Page

from data.competition import MIRROR
from data.reader import read_competition
from kfold.review.page import write_review
from kfold.runs.open_run import OpenRun, open_named_run
from tests.bench.correct import correct, served_page
from tests.bench.large_run import RUN, measure, write_run

CORRECTIONS, STEPS = 60, 120

SHOWN = ".stage:not([data-row=''])[data-row]"
"""The stage, once it shows the face."""

TIMES = """
  window.times = { first: null, next: [] };
  let pressed = null;
  addEventListener("keydown", (event) => { pressed = event.timeStamp; }, true);
  const seen = () => requestAnimationFrame(() => setTimeout(() => {
    const now = performance.now();
    if (times.first === null) times.first = now;
    else if (pressed !== null) times.next.push(now - pressed);
    pressed = null;
  }));
  new MutationObserver((changes) => changes.some(({ target }) => target.dataset.row) && seen())
    .observe(document, { subtree: true, attributes: true, attributeFilter: ["data-row"] });
"""
"""Milliseconds from the start of the navigation to the frame with the first face, and from each key
to the frame with the next one."""


def steps(page: Page, show: str, keypoint: str) -> list[float]:
    """Milliseconds from the key `n` to the next face, for some faces of a list."""
    page.locator("[name=keypoint]").select_option(keypoint)
    page.locator("[name=show]").select_option(show)
    page.locator(".stage").focus()
    page.evaluate("times.next = []")
    for _ in range(STEPS):
        page.keyboard.press("n")
        page.locator(SHOWN).wait_for()
        page.wait_for_timeout(30)
    return sorted(page.evaluate("times.next"))


def with_faults(opened: OpenRun) -> OpenRun:
    """The run with wrong labels in rows that were predicted well: a third of each kind."""
    labels = opened.data.train.keypoints.copy()
    rows = np.random.default_rng(0).permutation(len(labels))[: 3 * CORRECTIONS]
    swapped, shifted, single = np.split(rows, 3)
    labels[swapped] = labels[swapped][:, MIRROR]
    labels[shifted] += [9, 7]
    labels[single, 10] += [0, 12]
    train = replace(opened.data.train, keypoints=labels)
    return replace(opened, data=replace(opened.data, train=train))


def main() -> None:
    """Print the figures as JSON."""
    data = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as scratch, chdir(scratch):
        competition = read_competition(data)
        write_run(data, Path("runs"), models=1, seeds=1, folds=5)
        figures = {"faces": len(competition.train)}
        written = measure(scratch, "kfold.review", "--run", RUN, "--no-serve")
        figures |= {f"make review SERVE=0, {unit}": value for unit, value in written.items()}
        folder = Path("runs", RUN, "review")
        figures["page, megabytes"] = (folder / "index.html").stat().st_size / 1e6
        sheets = folder.glob("faces/*.png")
        figures["sheets, megabytes"] = sum(path.stat().st_size for path in sheets) / 1e6
        opened = with_faults(open_named_run(RUN))
        write_review(opened)
        with served_page(opened, TIMES) as (page, address):
            page.goto(address)
            page.locator(SHOWN).wait_for()
            page.wait_for_timeout(500)
            figures["first face, ms"] = page.evaluate("times.first")
            for order, show, keypoint in (("suspects", "all", ""), ("jumping", "all", "10")):
                times = steps(page, show, keypoint)
                figures[f"next face, {order}, median ms"] = median(times)
                figures[f"next face, {order}, 95% ms"] = times[int(0.95 * len(times))]
                figures[f"next face, {order}, slowest ms"] = times[-1]
            page.goto("about:blank")
            page.goto(address)
            made = correct(page, CORRECTIONS)
            figures |= {f"corrections, {name}": value for name, value in made.items()}
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
