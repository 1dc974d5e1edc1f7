from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from data.competition import SLUG
from data.system.errors import UserError
from submit.upload import KaggleScore, submissions_left, upload, wait_for_score
from tests.kaggle_server import KaggleServer
from tests.refusal import Refusal


@pytest.fixture
def submission(tmp_path: Path, kaggle: KaggleServer) -> Path:
    """All 43: the true 40 plus 3 everywhere, so that both halves score 3."""
    path = tmp_path / "submission.csv"
    rows = [f"{row['RowId']},43.0\n" for row in kaggle.solution]
    path.write_text("RowId,Location\n" + "".join(rows))
    return path


def send(path: Path, message: str, tag: str, again: bool = False) -> int:
    return upload(path, path.read_bytes(), message, tag, again)


def test_an_upload_is_scored(kaggle: KaggleServer, submission: Path) -> None:
    reference = send(submission, "a message", "message")
    assert kaggle.submissions[0]["ref"] == reference
    assert kaggle.submissions[0]["description"] == "a message"
    assert kaggle.stored == {"blob0": submission.read_bytes()}
    assert wait_for_score(reference, 9) == KaggleScore("complete", 3.0, 3.0)


def test_each_half_has_its_own_score(kaggle: KaggleServer, submission: Path) -> None:
    lines = submission.read_text().splitlines()
    lines[2:3] = [f"{lines[2].split(',')[0]},50.0"]  # the second row belongs to the private half
    submission.write_text("\n".join(lines))
    score = wait_for_score(send(submission, "m", "m"), 9)
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
    refusal: Refusal,
) -> None:
    kaggle.fail(operation, **fault)  # type: ignore[arg-type]
    message = refusal(lambda: send(submission, "m", "m"))
    assert expected in message
    assert kaggle.operations.count("CreateSubmission") <= 1


@pytest.mark.parametrize(
    ("operation", "status"),
    [("StartSubmissionUpload", 500), ("PUT", 503), ("CreateSubmission", 429)],
)
def test_a_request_to_a_busy_kaggle_is_repeated(
    kaggle: KaggleServer, submission: Path, operation: str, status: int
) -> None:
    kaggle.fail(operation, status=status)
    send(submission, "m", "m")
    assert kaggle.operations.count(operation) == 2
    assert len(kaggle.submissions) == 1


@pytest.mark.parametrize("earlier", [0, 1])
def test_a_lost_response_does_not_cause_a_second_submission(
    kaggle: KaggleServer, submission: Path, earlier: int
) -> None:
    for _ in range(earlier):
        send(submission, "a message", "message")
    kaggle.fail("CreateSubmission", cut=0)
    assert send(submission, "a message", "message", again=True) == 1000 + earlier
    assert len(kaggle.submissions) == 1 + earlier


def test_a_file_that_kaggle_has_is_not_sent_again(kaggle: KaggleServer, submission: Path) -> None:
    first = send(submission, "first; file ab12", "file ab12")
    other = send(submission, "first; file cd34", "file cd34")
    assert send(submission, "renamed; file ab12", "file ab12") == first
    assert len(kaggle.submissions) == 2
    assert other != first


def test_an_upload_is_repeated_after_a_connection_reset(
    kaggle: KaggleServer, submission: Path, refusal: Refusal
) -> None:
    larger_than_a_buffer = (b" " * 100_000 + b"\n") * 50
    submission.write_bytes(submission.read_bytes() + larger_than_a_buffer)
    kaggle.fail("PUT", 2, read=100_000)
    send(submission, "m", "m")
    assert kaggle.stored["blob0"] == submission.read_bytes()
    kaggle.fail("PUT", 5, read=100_000)
    assert "connection to Kaggle failed" in refusal(lambda: send(submission, "n", "n"))
    assert len(kaggle.submissions) == 1


@pytest.mark.parametrize("operation", ["StartSubmissionUpload", "PUT", "CreateSubmission"])
def test_a_request_without_response_times_out(
    kaggle: KaggleServer,
    submission: Path,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    refusal: Refusal,
) -> None:
    for module in ("data.kaggle.client", "submit.upload"):
        monkeypatch.setattr(f"{module}.TIMEOUT", (0.2, 0.2))
    monkeypatch.setattr("data.kaggle.retries.RETRIES", 1)
    kaggle.fail(operation, 2, delay=0.5, status=500)
    assert "no answer from Kaggle within 0.2 s" in refusal(lambda: send(submission, "m", "m"))


def test_the_number_of_submissions_left(kaggle: KaggleServer, submission: Path) -> None:
    assert submissions_left() == 5
    send(submission, "m", "m")
    assert submissions_left() == 4
    kaggle.fail("GetSubmissionLimits", status=404)
    assert submissions_left() is None


def test_the_daily_limit_is_reported(
    kaggle: KaggleServer, submission: Path, refusal: Refusal
) -> None:
    kaggle.allowed = 0
    message = refusal(lambda: send(submission, "m", "m"))
    assert "400 (Your team has used its daily Submission allowance (5) today)" in message


def test_a_score_is_polled(kaggle: KaggleServer, submission: Path) -> None:
    reference = send(submission, "m", "m")
    kaggle.fail("GetSubmission", 3, body=b'{"status": "PENDING"}')
    assert wait_for_score(reference, 9).status == "complete"
    assert kaggle.operations.count("GetSubmission") == 4


def test_polling_times_out(kaggle: KaggleServer, submission: Path) -> None:
    reference = send(submission, "m", "m")
    kaggle.scoring = {"status": "PENDING", "publicScore": "", "privateScore": ""}
    assert wait_for_score(reference, timeout_s=0.1) == KaggleScore("pending")


def test_kaggles_reason_for_no_score_is_returned(kaggle: KaggleServer, submission: Path) -> None:
    submission.write_text("RowId,Location\n1,1.0\n")
    score = wait_for_score(send(submission, "m", "m"), 9)
    assert score == KaggleScore("error", error="Evaluation Exception: '2'")


def test_a_failure_while_waiting_names_the_submission(
    kaggle: KaggleServer, submission: Path
) -> None:
    reference = send(submission, "m", "m")
    kaggle.fail("GetSubmission", status=401)
    with pytest.raises(UserError, match=f"score of submission {reference}"):
        wait_for_score(reference, 9)


@pytest.mark.parametrize("status", [403, 404])
def test_a_submission_of_another_user_has_no_score(kaggle: KaggleServer, status: int) -> None:
    kaggle.fail("GetSubmission", status=status)
    score = wait_for_score(1000, 9)
    assert score.status == "hidden"
    assert "was another one signed in?" in score.error


def test_kaggles_own_client_accepts_the_stand_in(
    kaggle: KaggleServer, submission: Path, tmp_path: Path
) -> None:
    code = f"""
from kaggle import api
api.competition_download_files("{SLUG}", "{tmp_path}")
submitted = api.competition_submit("{submission}", "by hand", "{SLUG}", quiet=True)
(listed,) = api.competition_submissions("{SLUG}")
assert submitted.ref == listed.ref and listed.public_score == "3.00000"
assert api.competition_get_submission_limits("{SLUG}").num_allowed_now == 4
assert [team.score for team in api.competition_leaderboard_view("{SLUG}")] == ["1.50000", "2.50000"]
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert (tmp_path / f"{SLUG}.zip").read_bytes() == kaggle.archive
    assert kaggle.submissions[0]["description"] == "by hand"
    assert kaggle.stored["blob0"] == submission.read_bytes()


def test_without_credentials_nothing_is_sent(
    kaggle: KaggleServer, submission: Path, monkeypatch: pytest.MonkeyPatch, refusal: Refusal
) -> None:
    monkeypatch.delenv("KAGGLE_API_TOKEN")
    assert "no Kaggle credentials" in refusal(lambda: send(submission, "m", "m"))
    assert not kaggle.operations
