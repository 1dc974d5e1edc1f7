"""A finished run on rendered faces, its report, and its page."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
from playwright.sync_api import Browser, Page
from rich.console import Console

from data.reader import Competition
from data.rendering.demo_faces import Flaws, demo_faces
from kfold.leaderboard.leaderboard import Leaderboard
from kfold.report.write import write_report
from kfold.runs.open_run import OpenRun
from tests.kfold.finished_run import finished_run, random_competition
from tests.kfold.report.visit import VIEWPORT, Visit, visit_page

TRAIN, TEST = 90, 12
WRONG = [-1, -2]
"""Rows, of annotator 2, whose labels are 20 px too far down."""


@dataclass(frozen=True)
class Planted:
    """A finished run on rendered faces with two wrong rows.

    Attributes:
        opened: three models that predict the right labels with noise.
        flaws: which rows are copies or retakes of others.
    """

    opened: OpenRun
    flaws: Flaws

    @property
    def data(self) -> Competition:
        return self.opened.data


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    folder = tmp_path_factory.mktemp("runs") / "one"
    clean, flaws = demo_faces(TRAIN, np.random.SeedSequence(5), (0.0, 0.0))
    test, _ = demo_faces(TEST, np.random.SeedSequence(6), (0.0, 0.0))
    unlabelled = replace(test, keypoints=np.full_like(test.keypoints, np.nan))
    data = Competition(clean, unlabelled, random_competition().lookup, "0" * 64)
    noise = {"good": [1.0, 1.0], "fair": [1.5], "poor": [3.0]}
    opened = finished_run(folder, data, noise)
    keypoints = clean.keypoints.copy()
    keypoints[WRONG] += [0, 20]
    data = replace(data, train=replace(clean, keypoints=keypoints))
    return Planted(replace(opened, data=data, groups=flaws.source), flaws)


@pytest.fixture(scope="session")
def report(planted: Planted) -> Leaderboard:
    """The leaderboard of run `one`, whose report is written."""
    return write_report([planted.opened], Console(file=io.StringIO()))


@pytest.fixture(scope="session")
def visit(report: Leaderboard, browser: Browser) -> Iterator[Visit]:
    """The page of run `one`, opened once."""
    visit = visit_page(browser, report.folder / "leaderboard.html")
    yield visit
    visit.page.close()


@pytest.fixture
def page(visit: Visit) -> Iterator[Page]:
    """The page of run `one`, for tests that leave it as it is."""
    yield visit.page
    complaints, visit.complaints[:] = list(visit.complaints), []
    assert complaints == []


@pytest.fixture
def changed_page(page: Page) -> Iterator[Page]:
    """The page of run `one`, for a test that changes its state."""
    yield page
    page.set_viewport_size(VIEWPORT)
    page.emulate_media(media="screen", color_scheme="light")
    page.reload()
