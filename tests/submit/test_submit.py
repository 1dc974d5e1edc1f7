import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from data.atomic import locked
from data.demo import RECORD_FILE
from data.errors import UserError
from data.reader import read_competition
from data.standings import STANDINGS_FILE
from kfold.ledger import read_ledger
from kfold.run import open_run, read_run
from submit.submissions import Options as Refresh
from submit.submissions import main as refresh
from submit.submit import Options, main
from submit.version import ROOT, code_version
from tests.kaggle_server import KaggleServer
from tests.kfold.finished_run import finished_run
from tests.refusal import Refusal

LEDGER = Path("runs/submissions.csv")
FILE = Path("runs/first/submission.csv")


@pytest.fixture
def options(competition, home, tmp_path, monkeypatch):
    """A finished run of the small competition, in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("submit.send.PATIENCE", 5)
    data = shutil.copytree(competition, tmp_path / "raw")
    finished_run(Path("runs/first"), read_competition(data), {"model": [1.0]})
    return {"run": "first", "data": data, "name": "model"}


def sent_files(kaggle):
    return len(kaggle.submissions)


def test_without_credentials_the_file_is_written_and_the_way_by_hand_told(options, capsys):
    main(Options(**options))
    assert "by hand" in capsys.readouterr().out
    assert len(FILE.read_text().splitlines()) == 77
    assert not LEDGER.exists()


def test_an_unfinished_run_is_no_submission_of_the_mean_face(options, kaggle: KaggleServer):
    for done in Path("runs/first/model/seed0").glob("fold*/done.json"):
        done.unlink()
    with pytest.raises(UserError, match="a model finished on all folds, found none"):
        main(Options(run="first", data=options["data"]))
    assert not FILE.exists()
    assert not sent_files(kaggle)


def test_what_is_not_finished_is_told(options, capsys):
    cut = Path("runs/first/model/seed1/fold0")
    shutil.copytree("runs/first/model/seed0/fold0", cut)
    run = read_run(Path("runs/first"))
    open_run(run.folder, replace(run.config, seeds=2))
    main(Options(**options))
    assert "Left out: model seed 1 (1 of 3 folds finished)." in capsys.readouterr().out


def test_what_would_be_sent_is_shown_first(options, kaggle: KaggleServer, capsys):
    main(Options(**options, dry=True))
    values = [float(line.split(",")[1]) for line in FILE.read_text().splitlines()[1:]]
    out = capsys.readouterr().out
    assert f"76 rows, {min(values):.2f} to {max(values):.2f} px, from model 'model'" in out
    assert re.search(r"Out-of-fold RMSE \d\.\d{3}, trusted \d\.\d{3}\n", out)
    assert "Message: first: model; out-of-fold" in out
    assert re.search(r"left today: 5 \(Kaggle's day ends at 0:00 UTC, in \d+:\d\d hours\)", out)
    assert kaggle.seen == ["GetSubmissionLimits"]
    assert not LEDGER.exists()


def test_on_kaggles_data_the_rank_is_estimated_before(options, kaggle, capsys, monkeypatch):
    monkeypatch.setattr("kfold.leaderboard.KAGGLE_TEST_IMAGES", 4)
    monkeypatch.setattr("kfold.leaderboard.KAGGLE_TEST_VALUES", 76)
    main(Options(**options, dry=True))
    assert "estimated rank 1 of 175" in capsys.readouterr().out


def test_rendered_faces_are_not_uploaded(options, kaggle: KaggleServer, capsys):
    (options["data"] / RECORD_FILE).write_text("{}")
    main(Options(**options))
    assert "rendered faces, which Kaggle cannot score" in " ".join(capsys.readouterr().out.split())
    assert FILE.is_file()
    assert not kaggle.seen
    assert not LEDGER.exists()


def test_dry_needs_no_kaggle(options, kaggle: KaggleServer, capsys):
    kaggle.fail("GetSubmissionLimits", status=401)
    main(Options(**options, dry=True))
    assert "left today: unknown (could not ask" in capsys.readouterr().out


def test_a_blend_names_its_models(options, kaggle: KaggleServer):
    main(Options(**options | {"name": "stack"}))
    assert kaggle.submissions[0]["description"].startswith("first: stack of model; out-of-fold ")


def test_a_file_is_uploaded_and_scored(options, kaggle: KaggleServer, capsys):
    (options["data"] / STANDINGS_FILE).write_text("rank,private,public\n1,0.01,9\n2,9,9.5\n")
    main(Options(**options))
    (sent,) = read_ledger(LEDGER)
    assert kaggle.stored["blob0"] == FILE.read_bytes()
    told = kaggle.submissions[0]
    assert (sent.reference, sent.message) == (told["ref"], told["description"])
    assert (sent.public, sent.private) == (float(told["publicScore"]), float(told["privateScore"]))
    assert (sent.run, sent.rank) == ("first", 2)
    assert sent.message == (
        f"first: model; out-of-fold {sent.out_of_fold:.4f}; code {code_version()}; "
        f"file {sent.checksum[:12]}"
    )
    assert (
        f"Public RMSE {sent.public} (rank 1), private RMSE {sent.private} (rank 2), among 2 teams"
    ) in capsys.readouterr().out


def test_the_same_file_is_never_sent_twice_unless_forced(options, kaggle, refusal: Refusal):
    main(Options(**options))
    message = refusal(lambda: main(Options(**options)))
    assert "this very file was submitted at" in message
    assert "FORCE=1" in message
    assert (sent_files(kaggle), len(read_ledger(LEDGER))) == (1, 1)
    main(Options(**options, force=True))
    assert (sent_files(kaggle), len(read_ledger(LEDGER))) == (2, 2)


def test_a_lost_ledger_is_found_again_on_kaggle(options, kaggle: KaggleServer):
    main(Options(**options))
    before = read_ledger(LEDGER)
    LEDGER.unlink()
    main(Options(**options))
    assert sent_files(kaggle) == 1
    assert read_ledger(LEDGER)[0].reference == before[0].reference


@pytest.mark.parametrize("operation", ["StartSubmissionUpload", "PUT", "CreateSubmission"])
def test_an_upload_that_fails_half_way_is_not_done(
    options, kaggle: KaggleServer, refusal: Refusal, operation
):
    kaggle.fail(operation, status=403)
    assert "403" in refusal(lambda: main(Options(**options)))
    assert FILE.exists()
    assert not LEDGER.exists()
    main(Options(**options))
    assert (sent_files(kaggle), len(read_ledger(LEDGER))) == (1, 1)


def test_a_used_up_day_loses_nothing(options, kaggle: KaggleServer, refusal: Refusal):
    kaggle.allowed = 0
    message = refusal(lambda: main(Options(**options)))
    assert "daily Submission allowance" in message
    assert not LEDGER.exists()
    kaggle.allowed = 1
    main(Options(**options))
    assert len(read_ledger(LEDGER)) == 1


def test_a_score_that_never_comes(options, kaggle: KaggleServer, monkeypatch, refusal: Refusal):
    monkeypatch.setattr("submit.send.PATIENCE", 0.05)
    kaggle.scoring = {"status": "PENDING", "publicScore": "", "privateScore": ""}
    message = refusal(lambda: main(Options(**options)))
    assert "no score of submission 1000 after 0.05 s" in message
    assert "do not send it again" in message
    assert not read_ledger(LEDGER)[0].scored
    kaggle.scoring = {}
    main(Options(**options))
    assert read_ledger(LEDGER)[0].scored
    assert sent_files(kaggle) == 1


def test_a_scoring_error_is_told_in_kaggles_words(options, kaggle, refusal: Refusal):
    kaggle.scoring = {"status": "ERROR", "errorDescription": "Too [few] rows"}
    message = refusal(lambda: main(Options(**options)))
    assert "could not score submission 1000: Too [few] rows" in message
    assert read_ledger(LEDGER)[0].state == "error: Too [few] rows"
    again = refusal(lambda: main(Options(**options)))
    assert "(Too [few] rows). Nothing was uploaded; pass FORCE=1" in again
    assert sent_files(kaggle) == 1


def test_a_failure_while_waiting_loses_nothing(options, kaggle: KaggleServer, refusal: Refusal):
    kaggle.fail("GetSubmission", 5, status=503)
    message = refusal(lambda: main(Options(**options)))
    assert (
        "score of submission 1000 (`make submissions` asks again): Kaggle answered 503" in message
    )
    assert read_ledger(LEDGER)[0].reference == 1000


@pytest.mark.parametrize("command", ["submit.submit", "submit.submissions"])
def test_a_damaged_ledger_is_told(options, kaggle, refusal: Refusal, command):
    LEDGER.write_text("time,run\n")
    runs = {
        "submit.submit": lambda: main(Options(**options)),
        "submit.submissions": lambda: refresh(Refresh()),
    }
    assert "submissions.csv, line 1: expected time,run," in refusal(runs[command])
    assert sent_files(kaggle) == 0


def test_what_was_written_is_sent_even_if_another_command_writes_the_file(
    options, kaggle: KaggleServer, monkeypatch
):
    class Overtaken(KaggleServer):
        def do_GetSubmissionLimits(self, request):  # noqa: N802
            FILE.write_text("RowId,Location\\n1,50\\n")
            return super().do_GetSubmissionLimits(request)

    kaggle.__class__ = Overtaken
    main(Options(**options))
    (sent,) = read_ledger(LEDGER)
    assert hashlib.sha256(kaggle.stored["blob0"]).hexdigest() == sent.checksum
    assert sent.scored


SEND = """
import sys
from pathlib import Path
from data.errors import run_command
from data.terminal import open_console
from submit.send import Draft, send
from tests.refusal import Nothing

path = Path("runs/first/submission.csv")
draft = Draft(path, path.read_bytes(), Path("raw"), sys.argv.pop(), "first; file 0123", 1.0)
run_command(lambda _: send(draft, False, open_console()), Nothing)
"""


def test_two_processes_at_once_send_a_file_once(options, kaggle: KaggleServer):
    FILE.write_text("RowId,Location\n" + "".join(f"{i},40\n" for i in range(1, 77)))
    with locked(LEDGER.parent):
        both = [
            subprocess.Popen(
                [sys.executable, "-c", SEND, "0123" * 16],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
            )
            for _ in range(2)
        ]
        for process in both:
            assert "Waiting for another command" in process.stderr.readline()
    printed = ["".join(process.communicate(timeout=60)) for process in both]
    assert kaggle.seen.count("PUT") == 1
    assert (sent_files(kaggle), len(read_ledger(LEDGER))) == (1, 1)
    assert all("Submission 1000" in text or "as 1000" in text for text in printed)
