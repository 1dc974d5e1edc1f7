import io
from pathlib import Path

import pytest
from rich.console import Console

from kfold.submissions.ledger import Upload, open_ledger, read_ledger
from submit.submissions import SubmissionsOptions, main, submission_table
from tests.kaggle_server import KaggleServer
from tests.refusal import Refusal

LEDGER = Path("runs/submissions.csv")
SCORE = {"status": "COMPLETE", "publicScore": "2.00000", "privateScore": "1.50000"}


def row(reference, **scores):
    values = {"time": "2030-01-02T03:04:05+00:00", "run": "first", "message": f"[m{reference}]"}
    values |= {"checksum": f"{reference}", "out_of_fold": reference / 500} | scores
    return Upload(reference=reference, **values)


@pytest.fixture
def ledger(home, tmp_path, monkeypatch):
    """Three submissions, the last two without a score."""
    monkeypatch.chdir(tmp_path)
    with open_ledger(LEDGER) as rows:
        rows += [row(1000, public=2.5, private=2.25, rank=47), row(1001), row(1002)]


def test_missing_scores_are_fetched_and_everything_is_printed(ledger, kaggle: KaggleServer, capsys):
    kaggle.submissions = [{"ref": 1001, **SCORE}, {"ref": 1002, **SCORE, "publicScore": "3.5"}]
    main(SubmissionsOptions())
    assert kaggle.operations == ["GetSubmission"] * 2
    assert read_ledger(LEDGER)[1:] == [
        row(1001, public=2.0, private=1.5, rank=6),
        row(1002, public=3.5, private=1.5, rank=6),
    ]
    out = capsys.readouterr().out
    for number in (1000, 1001, 1002):
        assert f"[m{number}]" in out
    assert "private against out-of-fold RMSE: correlation -" in out
    assert "mean gap -0.252 px (files scored: 3)" in out
    main(SubmissionsOptions())
    assert kaggle.operations == ["GetSubmission"] * 2


def test_submissions_without_scores_are_named_and_failed_ones_not_requested_again(
    ledger, kaggle: KaggleServer, capsys
):
    error = {"status": "ERROR", "errorDescription": "Bad [row]"}
    kaggle.submissions = [{"ref": 1001, "status": "PENDING"}, {"ref": 1002, **error}]
    main(SubmissionsOptions())
    out = capsys.readouterr().out
    assert "Kaggle is still scoring submission 1001" in out
    assert "Kaggle could not score submission 1002: Bad [row]" in out
    assert [row.state for row in read_ledger(LEDGER)[1:]] == ["no score yet", "error: Bad [row]"]
    kaggle.operations.clear()
    main(SubmissionsOptions())
    assert kaggle.operations == ["GetSubmission"]
    assert "Kaggle could not score submission 1002: Bad [row]" in capsys.readouterr().out


def test_without_credentials_the_ledger_is_printed(ledger, capsys):
    main(SubmissionsOptions())
    out = capsys.readouterr().out
    assert "[m1000]" in out
    assert "No Kaggle credentials found" in out


def test_the_ledger_is_printed_even_if_kaggle_fails(
    ledger, kaggle: KaggleServer, refusal: Refusal, monkeypatch
):
    printed = []
    monkeypatch.setattr("rich.console.Console.print", lambda _, text: printed.append(text))
    kaggle.submissions = [{"ref": 1001, **SCORE}, {"ref": 1002, **SCORE}]
    kaggle.fail("GetSubmission")
    kaggle.fail("GetSubmission", status=401)
    message = refusal(lambda: main(SubmissionsOptions()))
    assert "score of submission 1002" in message
    assert [row.scored for row in read_ledger(LEDGER)] == [True, True, False]
    assert printed[0].row_count == 3


def test_invalid_credentials_do_not_hide_the_ledger(ledger, home, refusal: Refusal, monkeypatch):
    printed = []
    monkeypatch.setattr("rich.console.Console.print", lambda _, text: printed.append(text))
    (home / ".kaggle").mkdir()
    (home / ".kaggle/kaggle.json").write_text("no JSON")
    assert "kaggle.json: expected JSON" in refusal(lambda: main(SubmissionsOptions()))
    assert printed[0].row_count == 3


def test_a_submission_of_another_account_does_not_hide_the_others(
    ledger, kaggle: KaggleServer, capsys
):
    kaggle.submissions = [{"ref": 1002, **SCORE}]
    main(SubmissionsOptions())
    assert [row.scored for row in read_ledger(LEDGER)] == [True, False, True]
    assert "submission 1001: it shows none to this user" in capsys.readouterr().out


def test_a_narrow_terminal_shows_every_number_whole(ledger):
    out = io.StringIO()
    Console(file=out, width=60).print(submission_table(LEDGER, read_ledger(LEDGER), 60))
    first = out.getvalue().split("2.50000")[1].splitlines()[0].split()
    assert first == ["2.25000", "47", "1000"]
    assert max(map(len, out.getvalue().splitlines())) <= 60
    assert "…" not in out.getvalue()


def test_before_the_first_submission(home, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    main(SubmissionsOptions())
    assert "no submissions yet" in capsys.readouterr().out
    assert not LEDGER.exists()
