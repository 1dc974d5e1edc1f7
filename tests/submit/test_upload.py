from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from data.competition import SLUG
from data.errors import UserError
from submit.upload import Score, upload, wait_for_score
from tests.kaggle_server import SECRET, KaggleServer


@pytest.fixture
def submission(tmp_path: Path, kaggle: KaggleServer) -> Path:
    """All 43: the true 40 plus 3 everywhere, so that both halves score 3."""
    path = tmp_path / "submission.csv"
    rows = [f"{row['RowId']},43.0\n" for row in kaggle.solution]
    path.write_text("RowId,Location\n" + "".join(rows))
    return path


def refusal(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        upload(path, "a message")
    assert SECRET not in str(caught.value)
    return str(caught.value)


def test_an_upload_is_scored(kaggle: KaggleServer, submission: Path) -> None:
    reference = upload(submission, "a message")
    assert kaggle.submissions[0]["ref"] == reference
    assert kaggle.submissions[0]["description"] == "a message"
    assert kaggle.stored == {"blob0": submission.read_bytes()}
    assert wait_for_score(reference) == Score("complete", 3.0, 3.0)


def test_each_half_has_its_own_score(kaggle: KaggleServer, submission: Path) -> None:
    lines = submission.read_text().splitlines()
    lines[2:3] = [f"{lines[2].split(',')[0]},50.0"]  # the second row belongs to the private half
    submission.write_text("\n".join(lines))
    score = wait_for_score(upload(submission, "m"))
    private = sum(row["Usage"] == "Private" for row in kaggle.solution)
    assert score.public == 3.0
    assert score.private == pytest.approx(((9 * (private - 1) + 100) / private) ** 0.5, abs=1e-5)


@pytest.mark.parametrize(
    ("operation", "fault", "expected"),
    [
        ("ListSubmissions", {"status": 401}, "KAGGLE_API_TOKEN"),
        ("ListSubmissions", {"status": 403}, "/rules"),
        ("StartSubmissionUpload", {"status": 404}, "404"),
        ("StartSubmissionUpload", {"body": b"<html>", "headers": {}}, "login page in between"),
        ("PUT", {"status": 403}, "file storage answered 403"),
        ("PUT", {"status": 500, "times": 5}, "file storage answered 500"),
        ("PUT", {"cut": 0, "times": 5}, "connection to Kaggle failed"),
        ("CreateSubmission", {"status": 400}, "400 (Bad Request)"),
        ("CreateSubmission", {"status": 500}, "500"),
        ("CreateSubmission", {"status": 200, "body": b'{"message": "no"}'}, "made no submission"),
    ],
)
def test_a_failed_upload_says_so(
    kaggle: KaggleServer,
    submission: Path,
    operation: str,
    fault: dict[str, object],
    expected: str,
) -> None:
    kaggle.fail(operation, **fault)  # type: ignore[arg-type]
    message = refusal(submission)
    assert expected in message
    assert kaggle.seen.count("CreateSubmission") <= 1


@pytest.mark.parametrize(
    ("operation", "status"),
    [("StartSubmissionUpload", 500), ("PUT", 503), ("CreateSubmission", 429)],
)
def test_a_busy_kaggle_is_asked_again(
    kaggle: KaggleServer, submission: Path, operation: str, status: int
) -> None:
    kaggle.fail(operation, status=status)
    upload(submission, "m")
    assert kaggle.seen.count(operation) == 2
    assert len(kaggle.submissions) == 1


@pytest.mark.parametrize("earlier", [0, 1])
def test_a_lost_answer_does_not_lead_to_a_second_submission(
    kaggle: KaggleServer, submission: Path, earlier: int
) -> None:
    for _ in range(earlier):
        upload(submission, "a message")
    kaggle.fail("CreateSubmission", cut=0)
    assert upload(submission, "a message") == 1000 + earlier
    assert len(kaggle.submissions) == 1 + earlier


def test_the_score_is_waited_for(kaggle: KaggleServer, submission: Path) -> None:
    reference = upload(submission, "m")
    kaggle.fail("GetSubmission", 3, body=b'{"status": "PENDING"}')
    assert wait_for_score(reference).status == "complete"
    assert kaggle.seen.count("GetSubmission") == 4


def test_the_wait_has_an_end(kaggle: KaggleServer, submission: Path) -> None:
    reference = upload(submission, "m")
    kaggle.scoring = {"status": "PENDING", "publicScore": "", "privateScore": ""}
    assert wait_for_score(reference, limit_s=0.1) == Score("pending")


def test_kaggles_reason_for_no_score_is_told(kaggle: KaggleServer, submission: Path) -> None:
    submission.write_text("RowId,Location\n1,1.0\n")
    score = wait_for_score(upload(submission, "m"))
    assert score == Score("error", error="Evaluation Exception: '2'")


def test_a_failure_while_waiting_names_the_submission(
    kaggle: KaggleServer, submission: Path
) -> None:
    reference = upload(submission, "m")
    kaggle.fail("GetSubmission", status=404)
    with pytest.raises(UserError, match=f"score of submission {reference}"):
        wait_for_score(reference)


def test_kaggles_own_client_takes_the_stand_in_for_kaggle(
    kaggle: KaggleServer, submission: Path, tmp_path: Path
) -> None:
    code = f"""
from kaggle import api
api.competition_download_files("{SLUG}", "{tmp_path}")
submitted = api.competition_submit("{submission}", "by hand", "{SLUG}", quiet=True)
(listed,) = api.competition_submissions("{SLUG}")
assert submitted.ref == listed.ref and listed.public_score == "3.00000"
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert (tmp_path / f"{SLUG}.zip").read_bytes() == kaggle.archive
    assert kaggle.submissions[0]["description"] == "by hand"
    assert kaggle.stored["blob0"] == submission.read_bytes()


def test_without_credentials_nothing_is_sent(
    kaggle: KaggleServer, submission: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KAGGLE_API_TOKEN")
    assert "no Kaggle credentials" in refusal(submission)
    assert not kaggle.seen
