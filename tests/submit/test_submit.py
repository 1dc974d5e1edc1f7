from pathlib import Path

import pytest

from data.errors import UserError
from data.reader import read_competition
from submit.ledger import read_ledger
from submit.submit import Options, main
from tests.kaggle_server import KaggleServer
from tests.kfold.finished_run import finished_run

LEDGER = Path("runs/first/submissions.csv")


@pytest.fixture
def options(competition, home, tmp_path, monkeypatch):
    """A finished run of the small competition, in the current folder."""
    monkeypatch.chdir(tmp_path)
    finished_run(Path("runs/first"), read_competition(competition), {"model": [1.0]})
    return {"run": "first", "data": competition}


def test_without_credentials_the_file_is_written_and_the_way_by_hand_told(options, capsys):
    main(Options(**options))
    assert "by hand" in capsys.readouterr().out
    assert len(Path("runs/first/submission.csv").read_text().splitlines()) == 77
    assert not LEDGER.exists()


def test_a_file_is_uploaded_scored_and_never_sent_twice(options, kaggle: KaggleServer, capsys):
    main(Options(**options))
    (sent,) = read_ledger(LEDGER)
    assert f"Public RMSE {sent.public}, private RMSE {sent.private}" in capsys.readouterr().out
    assert sent.message == f"first: model, out-of-fold {sent.out_of_fold:.4f}"
    with pytest.raises(UserError, match="this very file was submitted"):
        main(Options(**options))
    assert len(read_ledger(LEDGER)) == 1
    main(Options(**options, force=True))
    assert len(read_ledger(LEDGER)) == 2


def test_dry_stops_before_the_upload(options, kaggle: KaggleServer):
    main(Options(**options, dry=True))
    assert Path("runs/first/submission.csv").exists()
    assert not LEDGER.exists()


def test_a_submission_that_was_sent_but_not_scored_is_asked_for_again(
    options, kaggle: KaggleServer, monkeypatch, capsys
):
    monkeypatch.setattr("submit.upload.wait_for_score.__defaults__", (0.05,))
    kaggle.scoring = {"status": "PENDING"}
    main(Options(**options))
    assert "run `make submit` again" in capsys.readouterr().out
    assert read_ledger(LEDGER)[0].public is None
    kaggle.scoring = {}
    main(Options(**options))
    (sent,) = read_ledger(LEDGER)
    assert sent.public is not None
