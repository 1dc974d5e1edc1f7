"""A finished run on rendered faces with wrong labels of each kind, and pages to review them on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Browser

from data.competition import KEYPOINTS, MIRROR
from data.reader import Competition
from data.rendering.demo_faces import demo_faces
from kfold.review.page import review_page, write_review
from kfold.review.saved import SavedCorrections
from kfold.review.server import ReviewServer
from kfold.runs.open_run import OpenRun
from tests.kfold.finished_run import finished_run, random_competition
from tests.kfold.review.review_page import NOISE, Faults, ReviewPage, open_review
from tests.serving import serving

TRAIN = 120
NOSE = KEYPOINTS.index("nose_tip")


@pytest.fixture(scope="session")
def faults() -> Faults:
    return Faults(swapped=3, shifted=70, single=8, most=12, disagreeing=(30, 31))


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory, faults: Faults) -> OpenRun:
    """A run whose predictions are near the right labels, with faults in those that it was given."""
    folder = tmp_path_factory.mktemp("runs") / "one"
    clean, _ = demo_faces(TRAIN, np.random.SeedSequence(5), (0.0, 0.0))
    one, other = faults.disagreeing
    clean.images[other], clean.keypoints[other] = clean.images[one], clean.keypoints[one]
    data = Competition(clean, clean[:12], random_competition().lookup, "0123456789abcdef" * 4)
    opened = finished_run(folder, data, {"good": [NOISE]})
    labels = clean.keypoints.copy()
    labels[faults.swapped] = labels[faults.swapped, list(MIRROR)]
    labels[faults.shifted] += [9, 7]
    labels[faults.single, NOSE] += [0, 12]
    labels[faults.most, ::2] += [[12, 0], [-12, 4], [3, 14], [0, -12]] * 2
    labels[other, NOSE] += [5, 0]
    opened = replace(opened, data=replace(data, train=replace(clean, keypoints=labels)))
    write_review(opened)
    return opened


@pytest.fixture
def opened(planted: OpenRun) -> OpenRun:
    """The run with its review written, and nothing saved."""
    SavedCorrections(planted).path.unlink(missing_ok=True)
    return planted


@pytest.fixture
def page(browser: Browser, opened: OpenRun) -> Iterator[ReviewPage]:
    """The review, opened from disk."""
    with open_review(browser, review_page(opened.run).as_uri()) as page:
        yield page


def serving_review(opened: OpenRun) -> AbstractContextManager[ReviewServer]:
    return serving(ReviewServer(SavedCorrections(opened), 0))


@pytest.fixture
def server(opened: OpenRun) -> Iterator[ReviewServer]:
    with serving_review(opened) as server:
        yield server


@pytest.fixture
def visit(browser: Browser, server: ReviewServer) -> Iterator[Callable[[], ReviewPage]]:
    """Opens the served review, each time in another browser."""
    with ExitStack() as visits:
        yield lambda: visits.enter_context(open_review(browser, server.address))
