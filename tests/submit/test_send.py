import hashlib
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from rich.console import Console

from data.kaggle.leaderboard import LEADERBOARD_FILE
from data.system.errors import UserError
from data.system.locks import locked
from kfold.submissions.ledger import read_ledger
from submit.send import Draft, send
from submit.submissions import SubmissionsOptions
from submit.submissions import main as print_submissions
from submit.submit import SubmitOptions, main
from tests.kaggle_server import KaggleServer
from tests.kfold.finished_run import CODE
from tests.refusal import Refusal
from tests.submit.conftest import FILE, LEDGER


def test_a_file_is_uploaded_and_scored(options, kaggle: KaggleServer, capsys):
    (options["data"] / LEADERBOARD_FILE).write_text("rank,private,public\n1,0.01,9\n2,9,9.5\n")
    main(SubmitOptions(**options))
    (sent,) = read_ledger(LEDGER)
    assert kaggle.stored["blob0"] == FILE.read_bytes()
    submission = kaggle.submissions[0]
    assert (sent.reference, sent.message) == (submission["ref"], submission["description"])
    assert (sent.public, sent.private) == (
        float(submission["publicScore"]),
        float(submission["privateScore"]),
    )
    assert (sent.run, sent.rank) == ("first", 2)
    assert sent.message == (
        f"first: model; out-of-fold {sent.out_of_fold:.4f}; code {CODE}; file {sent.checksum[:12]}"
    )
    assert (
        f"Public RMSE {sent.public} (rank 1), private RMSE {sent.private} (rank 2), among 2 teams"
    ) in capsys.readouterr().out


def test_the_same_file_is_sent_twice_only_if_forced(options, kaggle, refusal: Refusal):
    main(SubmitOptions(**options))
    message = refusal(lambda: main(SubmitOptions(**options)))
    assert "this very file was submitted at" in message
    assert "FORCE=1" in message
    assert (len(kaggle.submissions), len(read_ledger(LEDGER))) == (1, 1)
    main(SubmitOptions(**options, force=True))
    assert (len(kaggle.submissions), len(read_ledger(LEDGER))) == (2, 2)


def test_a_lost_ledger_is_restored_from_kaggle(options, kaggle: KaggleServer):
    main(SubmitOptions(**options))
    before = read_ledger(LEDGER)
    LEDGER.unlink()
    main(SubmitOptions(**options))
    assert len(kaggle.submissions) == 1
    assert read_ledger(LEDGER)[0].reference == before[0].reference


@pytest.mark.parametrize("operation", ["StartSubmissionUpload", "PUT", "CreateSubmission"])
def test_a_failed_upload_is_not_recorded(
    options, kaggle: KaggleServer, refusal: Refusal, operation
):
    kaggle.fail(operation, status=403)
    assert "403" in refusal(lambda: main(SubmitOptions(**options)))
    assert FILE.exists()
    assert not LEDGER.exists()
    main(SubmitOptions(**options))
    assert (len(kaggle.submissions), len(read_ledger(LEDGER))) == (1, 1)


def test_after_the_daily_limit_the_file_can_be_sent(
    options, kaggle: KaggleServer, refusal: Refusal
):
    kaggle.allowed = 0
    message = refusal(lambda: main(SubmitOptions(**options)))
    assert "daily Submission allowance" in message
    assert not LEDGER.exists()
    kaggle.allowed = 1
    main(SubmitOptions(**options))
    assert len(read_ledger(LEDGER)) == 1


def test_a_score_that_does_not_arrive(options, kaggle: KaggleServer, monkeypatch, refusal: Refusal):
    monkeypatch.setattr("submit.send.SCORE_TIMEOUT_S", 0.05)
    kaggle.scoring = {"status": "PENDING", "publicScore": "", "privateScore": ""}
    message = refusal(lambda: main(SubmitOptions(**options)))
    assert "no score of submission 1000 after 0.05 s" in message
    assert "do not send it again" in message
    assert not read_ledger(LEDGER)[0].scored
    kaggle.scoring = {}
    main(SubmitOptions(**options))
    assert read_ledger(LEDGER)[0].scored
    assert len(kaggle.submissions) == 1


def test_a_scoring_error_is_reported_in_kaggles_words(options, kaggle, refusal: Refusal):
    kaggle.scoring = {"status": "ERROR", "errorDescription": "Too [few] rows"}
    message = refusal(lambda: main(SubmitOptions(**options)))
    assert "could not score submission 1000: Too [few] rows" in message
    assert read_ledger(LEDGER)[0].state == "error: Too [few] rows"
    again = refusal(lambda: main(SubmitOptions(**options)))
    assert "(Too [few] rows). Nothing was uploaded; pass FORCE=1" in again
    assert len(kaggle.submissions) == 1


def test_a_failure_while_waiting_keeps_the_upload(options, kaggle: KaggleServer, refusal: Refusal):
    kaggle.fail("GetSubmission", 5, status=503)
    message = refusal(lambda: main(SubmitOptions(**options)))
    assert (
        "score of submission 1000 (`make submissions` asks again): Kaggle answered 503" in message
    )
    assert read_ledger(LEDGER)[0].reference == 1000


@pytest.mark.parametrize("command", ["submit.submit", "submit.submissions"])
def test_a_damaged_ledger_is_named(options, kaggle, refusal: Refusal, command):
    LEDGER.write_text("time,run\n")
    runs = {
        "submit.submit": lambda: main(SubmitOptions(**options)),
        "submit.submissions": lambda: print_submissions(SubmissionsOptions()),
    }
    assert "submissions.csv, line 1: expected time,run," in refusal(runs[command])
    assert not kaggle.submissions


def test_the_checked_content_is_sent_even_if_the_file_is_overwritten(
    options, kaggle: KaggleServer, monkeypatch
):
    class Overtaken(KaggleServer):
        def do_GetSubmissionLimits(self, request):  # noqa: N802
            FILE.write_text("RowId,Location\\n1,50\\n")
            return super().do_GetSubmissionLimits(request)

    kaggle.__class__ = Overtaken
    main(SubmitOptions(**options))
    (sent,) = read_ledger(LEDGER)
    assert hashlib.sha256(kaggle.stored["blob0"]).hexdigest() == sent.checksum
    assert sent.scored


def test_two_commands_at_once_send_a_file_once(options, kaggle: KaggleServer, capfd):
    content = ("RowId,Location\n" + "".join(f"{i},40\n" for i in range(1, 77))).encode()
    draft = Draft(FILE, content, options["data"], "0123" * 16, "first; file 012301230123", 1.0)

    def command() -> str:
        console = Console(record=True)
        try:
            send(draft, False, console)
        except UserError as error:
            return str(error)
        return console.export_text()

    printed = ""
    with ThreadPoolExecutor(2) as pool:
        with locked(LEDGER.parent):
            commands = [pool.submit(command) for _ in range(2)]
            while printed.count("Waiting for another command") < 2:
                assert not any(future.done() for future in commands)
                time.sleep(0.01)
                printed += capfd.readouterr().err
        outputs = [future.result() for future in commands]
    assert kaggle.operations.count("PUT") == 1
    assert (len(kaggle.submissions), len(read_ledger(LEDGER))) == (1, 1)
    assert all("Submission 1000" in text or "as 1000" in text for text in outputs)
