"""Fixtures that several packages share."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

import data.reader
from data.competition import (
    COORDINATES,
    IMAGE_SIZE,
    LOOKUP_FILE,
    LOOKUP_HEADER,
    SAMPLE_SUBMISSION_FILE,
    SUBMISSION_HEADER,
    TEST_FILE,
    TEST_HEADER,
    TRAINING_FILE,
    TRAINING_HEADER,
)
from tests.kaggle_server import SECRET, KaggleServer
from tests.refusal import Refusal
from tests.serving import serving

settings.register_profile("tests", deadline=None, derandomize=True, max_examples=30)
settings.load_profile("tests")

# Processes started in the background ignore Ctrl-C, and so would the commands that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

FOUR_POINTS = [0, 1, 2, 3, 20, 21, 28, 29]
"""Columns of the second annotator's four keypoints."""


@pytest.fixture(scope="session")
def competition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with four small files of noise, three rows per annotator; solution.csv beside it."""
    folder = tmp_path_factory.mktemp("competition") / "files"
    folder.mkdir()
    rng = np.random.default_rng(0)
    images = [" ".join(map(str, rng.integers(256, size=IMAGE_SIZE**2))) for _ in range(10)]
    labels = rng.uniform(5, 90, (6, len(COORDINATES))).round(3).astype(str)
    labels[np.ix_(range(3, 6), np.setdiff1d(range(30), FOUR_POINTS))] = ""
    requested = [(i, COORDINATES[c]) for i in (1, 2) for c in range(30)]
    requested += [(i, COORDINATES[c]) for i in (3, 4) for c in FOUR_POINTS]
    row_ids = [str(r) for r in range(1, len(requested) + 1)]
    tables = {
        TRAINING_FILE: [
            TRAINING_HEADER,
            *((*row, image) for row, image in zip(labels, images[:6], strict=True)),
        ],
        TEST_FILE: [TEST_HEADER, *((str(i), image) for i, image in enumerate(images[6:], 1))],
        LOOKUP_FILE: [
            LOOKUP_HEADER,
            *((r, str(i), name) for r, (i, name) in zip(row_ids, requested, strict=True)),
        ],
        SAMPLE_SUBMISSION_FILE: [SUBMISSION_HEADER, *((r, "0") for r in row_ids)],
        "../solution.csv": [
            (*SUBMISSION_HEADER, "Usage"),
            *((r, "40.0", ("Private", "Public")[int(r) % 2]) for r in row_ids),
        ],
    }
    for name, rows in tables.items():
        end = "\r\n" if name == LOOKUP_FILE else "\n"
        (folder / name).write_bytes("".join(",".join(row) + end for row in rows).encode())
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, no credentials, and no network outside this machine."""
    home = tmp_path / "home"
    home.mkdir()
    for name in os.environ:
        if name.startswith("KAGGLE_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    # Keeps the tests out of the project's own cache.
    monkeypatch.setattr(data.reader.read_competition, "__defaults__", (tmp_path / "cache",))
    return home


@pytest.fixture
def kaggle(
    competition: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[KaggleServer]:
    """A stand-in for Kaggle, with credentials for it in the environment, and short waits."""
    with serving(KaggleServer(competition, competition.parent / "solution.csv")) as server:
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, server.address)
        monkeypatch.setenv("KAGGLE_API_TOKEN", SECRET)
        monkeypatch.setattr("data.kaggle.retries.BACKOFF", 0.01)
        monkeypatch.setattr("data.kaggle.fetch.RESUME_WAITS", (0.01, 0.01))
        monkeypatch.setattr("submit.upload.FIRST_POLL_S", 0.01)
        yield server


@pytest.fixture
def refusal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Refusal:
    """Runs an action that must fail as a command, and returns its message."""
    return Refusal(tmp_path, capfd, caplog)
