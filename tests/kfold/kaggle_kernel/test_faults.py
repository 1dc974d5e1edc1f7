"""Faults of Kaggle and of its sessions: one message with what to do, and nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from data.competition import RULES_PAGE
from data.system.command import run_command
from data.system.errors import UserError
from kfold import cv
from kfold.kaggle_kernel import package
from kfold.kaggle_kernel.record import read_record
from tests.kaggle_server import KaggleServer
from tests.kfold.kaggle_kernel.conftest import Command
from tests.refusal import Refusal

PHONE = "https://www.kaggle.com/settings"
Fail = Callable[[Callable[[], object]], str]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"status": 401}, ["401", "KAGGLE_API_TOKEN"]),
        ({"status": 403}, ["could not start a kernel", "403", PHONE, RULES_PAGE]),
        ({"status": 429, "times": 5}, ["429", "wait"]),
        ({"status": 503}, ["503", "later"]),
        ({"read": 10}, ["connection to Kaggle failed"]),
    ],
    ids=["401", "403", "429", "503", "cut"],
)
def test_a_push_that_fails_is_made_again_by_the_same_command(
    kaggle: KaggleServer,
    train: Command,
    refusal: Refusal,
    fault: dict[str, object],
    expected: list[str],
) -> None:
    kaggle.fail("SaveKernel", **fault)  # type: ignore[arg-type]
    message = refusal(train)
    assert [part for part in expected if part not in message] == []
    folds = (train.folder / "folds.csv").read_text()
    assert not kaggle.sessions
    with pytest.raises(UserError, match="expected a GPU"):
        train()
    assert len(kaggle.sessions) == 1
    assert (train.folder / "folds.csv").read_text() == folds


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"error": "Your account must be phone verified."}, PHONE),
        ({"error": "Maximum batch GPU session count of 2 reached."}, "Wait for the others"),
        ({"error": "You have exceeded your GPU quota."}, "ON=kaggle-cpu"),
        ({"error": "Something new."}, "no kernel: Something new. Settle that"),
        ({"invalidCompetitionSources": ["facial-keypoints-detection"]}, RULES_PAGE),
    ],
    ids=["phone", "sessions", "quota", "other", "rules"],
)
def test_a_kernel_that_kaggle_does_not_start(
    kaggle: KaggleServer,
    train: Command,
    refusal: Refusal,
    answer: dict[str, object],
    expected: str,
) -> None:
    kaggle.save_errors.append(answer)
    assert expected in refusal(train)
    assert not kaggle.sessions
    assert not read_record(train.folder)


def test_a_used_up_quota_is_found_before_anything_is_forgotten(
    kaggle: KaggleServer, train: Command, refusal: Refusal
) -> None:
    kaggle.fail("SaveKernel", status=403)
    refusal(train)
    finished = train.folder / "calm/seed0/fold0/done.json"
    finished.parent.mkdir(parents=True)
    finished.touch()
    kaggle.quota = (108_000, 108_000)
    message = refusal(lambda: train(force=True))
    assert "GPU quota of this week is used up; it is renewed on 2030-01-05" in message
    assert "ON=kaggle-cpu" in message
    assert finished.exists()


def test_without_an_account_there_is_no_request(
    kaggle: KaggleServer, train: Command, refusal: Refusal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KAGGLE_API_TOKEN")
    assert "no Kaggle credentials found" in refusal(train)
    assert not kaggle.operations


def test_a_session_without_a_gpu_fails_and_says_why(
    kaggle: KaggleServer, train: Command, failure: Fail
) -> None:
    message = failure(train)
    assert "https://www.kaggle.com/code/someone/facial-keypoints-first failed. Of its 2" in message
    assert "error: expected a GPU in this session, found none" in message
    assert PHONE in message
    assert "GPU quota at Kaggle: 29.0 hours until 2030-01-05" in train.printed
    assert "facial-keypoints-first: failed" in train.printed
    (session,) = kaggle.sessions.values()
    assert session.pushed.enable_gpu
    failure(train)
    assert len(kaggle.sessions) == 2  # the kernel was seen to its end


def test_packages_that_a_session_cannot_get(
    kaggle: KaggleServer, train: Command, failure: Fail, tmp_path: Path
) -> None:
    old = tmp_path / "image/keras-1.0.dist-info"
    old.mkdir(parents=True)
    (old / "METADATA").write_text("Metadata-Version: 2.1\nName: keras\nVersion: 1.0\n")
    kaggle.variables = {
        "PYTHONPATH": str(old.parent),
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "0",
    }
    message = failure(lambda: train("kaggle-cpu"))
    assert "This machine's packages do not suit: installing others" in message
    assert "expected the packages of requirements.txt, found that Python 3." in message
    assert re.search("can't get them: .*==", message)
    assert "Has the session internet?" in message


@pytest.mark.parametrize("fault", [{"cut": 0}, {"body": b"<html>"}], ids=["cut", "page"])
def test_a_lost_answer_to_a_push_starts_no_second_session(
    kaggle: KaggleServer, train: Command, failure: Fail, fault: dict[str, object]
) -> None:
    kaggle.fail("SaveKernel", **fault)  # type: ignore[arg-type]
    assert "expected a GPU" in failure(train)
    assert kaggle.operations.count("SaveKernel") == 1
    assert len(kaggle.sessions) == 1


@pytest.mark.parametrize(
    ("operation", "fault", "expected"),
    [
        ("GetKernelSessionStatus", {"status": 404}, "deleted"),
        ("GetKernelSessionStatus", {"status": 403}, "another user"),
        ("GetKernelSessionStatus", {"status": 500, "times": 5}, "which it does nevertheless"),
        ("GetKernelSessionStatus", {"cut": 0, "times": 5}, "connection to Kaggle failed"),
        ("GetKernelSessionStatus", {"body": b'{"status": "ODD"}'}, "found something else"),
        ("ListKernelSessionOutput", {"status": 503, "times": 5}, "503"),
        ("GET", {"cut": 3, "times": 3}, "connection to Kaggle failed"),
        ("GET", {"status": 403}, "what is here already is not fetched twice"),
        ("GET", {"body": b"odd"}, "ended.json: expected a file that a kernel put out"),
    ],
)
def test_the_same_command_attaches_after_a_fault(
    kaggle: KaggleServer,
    train: Command,
    failure: Fail,
    operation: str,
    fault: dict[str, object],
    expected: str,
) -> None:
    kaggle.fail(operation, **fault)  # type: ignore[arg-type]
    assert expected in failure(train)
    record = read_record(train.folder)
    assert record
    assert record.kernel
    assert "expected a GPU" in failure(train)
    assert len(kaggle.sessions) == 1
    assert not read_record(train.folder)


def test_a_session_without_a_live_log_is_followed_by_its_state(
    kaggle: KaggleServer, train: Command, failure: Fail
) -> None:
    kaggle.fail("GetKernelSessionLogsStream", times=99, status=404)
    assert "error: expected a GPU in this session" in failure(train)


def test_a_push_that_was_cut_off_is_found(
    kaggle: KaggleServer, train: Command, failure: Fail
) -> None:
    kaggle.fail("GetKernelSessionStatus", status=404)
    failure(train)
    record = read_record(train.folder)
    assert record
    replace(record, kernel=None).write(train.folder)
    assert "expected a GPU" in failure(train)
    assert len(kaggle.sessions) == 1


def test_force_begins_anew(kaggle: KaggleServer, train: Command, failure: Fail) -> None:
    kaggle.fail("GetKernelSessionStatus", status=404)
    failure(train)
    failure(lambda: train(force=True))
    assert "facial-keypoints-first is forgotten; its page can cancel it" in train.printed
    assert len(kaggle.sessions) == 2


def test_a_damaged_record_is_named(train: Command, failure: Fail) -> None:
    train.folder.mkdir(parents=True)
    (train.folder / "kernel.json").write_text('{"slug": 1}')
    message = failure(train)
    assert "kernel.json: " in message
    assert "Delete the file" in message
    assert "expected a GPU" in failure(lambda: train(force=True))


def test_a_script_that_is_too_large(
    train: Command, refusal: Refusal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "MAX_SOURCE", 100_000)
    assert "expected a script of at most 97 KB for Kaggle, found" in refusal(train)


def test_a_cluster_is_another_place(train: Command, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run_command(cv.main, cv.CVOptions, ["ON=kaggle", "CLUSTER=ray", "DATA=nowhere"])
    assert "ON= and CLUSTER= both say where to train" in capsys.readouterr().err
