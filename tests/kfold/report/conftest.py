"""A finished run on rendered faces with planted flaws, and a real browser to read its page in."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console

from data.demo_faces import Flaws, demo_faces
from data.faces import Faces
from data.reader import Competition
from kfold.report.write import write_report
from kfold.run import Run
from tests.kfold.finished_run import finished_run, random_competition

TRAIN, TEST, WRONG_SHARE = 150, 12, 0.05
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


@dataclass(frozen=True)
class Planted:
    """Rendered faces with wrong labels, the same faces without, and what is planted in them."""

    data: Competition
    clean: Faces
    flaws: Flaws


@pytest.fixture(scope="session")
def planted() -> Planted:
    def rendered(wrong_share: float) -> tuple[Faces, Flaws]:
        return demo_faces(TRAIN, np.random.SeedSequence(5), (0.0, 0.0), wrong_share)

    (faces, flaws), (clean, _) = rendered(WRONG_SHARE), rendered(0.0)
    test, _ = demo_faces(TEST, np.random.SeedSequence(6), (0.0, 0.0))
    unlabelled = replace(test, keypoints=np.full_like(test.keypoints, np.nan))
    lookup = random_competition().lookup
    return Planted(Competition(faces, unlabelled, lookup, "0" * 64), clean, flaws)


@pytest.fixture(scope="session")
def runs(
    planted: Planted, tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[Run, np.ndarray]]:
    """Two runs that predict the exact keypoints with noise."""
    folder = tmp_path_factory.mktemp("runs")
    exact = replace(planted.data, train=planted.clean)
    return [
        finished_run(folder / "one", exact, {"good": [1.0, 1.0], "fair": [1.5], "poor": [3.0]}),
        finished_run(folder / "two", exact, {"good": [1.1]}),
    ]


@pytest.fixture(scope="session")
def report(planted: Planted, runs: list[tuple[Run, np.ndarray]]) -> Path:
    """The folder of run `one` with its report."""
    write_report(runs[:1], planted.data, Console(file=io.StringIO()))
    return runs[0][0].folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = [path for name in NAMES if (path := shutil.which(name))]
    found += [str(MAC)] if MAC.exists() else []
    if not found:
        pytest.fail(
            f"the page is tested in a browser: expected one of {', '.join(NAMES)}, found none. "
            "Install it with `apt-get install chromium`, or install Google Chrome."
        )
    with sync_playwright() as playwright:
        # A container has no user namespaces for the sandbox; the page is our own.
        browser = playwright.chromium.launch(executable_path=found[0], args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(report: Path, browser: Browser) -> Iterator[Page]:
    """The page of run `one`; complaints in its console and requests to anywhere fail the test."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.extend(_away(request.url)))
    page.goto((report / "leaderboard.html").as_uri())
    yield page
    page.close()
    assert complaints == []


def _away(url: str) -> list[str]:
    return [] if url.startswith(("file:", "data:")) else [f"asked for {url}"]
