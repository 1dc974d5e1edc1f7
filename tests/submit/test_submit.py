import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from data.demo import RECORD_FILE
from data.reader import read_competition
from data.system.errors import UserError
from kfold.runs.locate import read_run
from kfold.runs.open_run import open_named_run
from kfold.runs.start import configure_run
from submit.submit import SubmitOptions, main
from tests.kaggle_server import KaggleServer
from tests.kfold.finished_run import finished_run
from tests.kfold.joining.tables import joined_run
from tests.submit.conftest import FILE, LEDGER


def test_without_credentials_the_file_is_written_for_a_manual_upload(options, capsys):
    main(SubmitOptions(**options))
    assert "by hand" in capsys.readouterr().out
    assert len(FILE.read_text().splitlines()) == 77
    assert not LEDGER.exists()


def test_a_run_without_a_finished_model_is_refused(options, kaggle: KaggleServer):
    for done in Path("runs/first/model/seed0").glob("fold*/done.json"):
        done.unlink()
    with pytest.raises(UserError, match="a model finished on all folds, found none"):
        main(SubmitOptions(run="first", data=options["data"]))
    assert not FILE.exists()
    assert not kaggle.submissions


def test_unfinished_models_are_named(options, capsys):
    cut = Path("runs/first/model/seed1/fold0")
    shutil.copytree("runs/first/model/seed0/fold0", cut)
    run = read_run(Path("runs/first"))
    configure_run(run.folder, replace(run.config, seeds=2))
    main(SubmitOptions(**options))
    assert "Left out: model seed 1 (1 of 3 folds finished)." in capsys.readouterr().out


def test_a_dry_run_shows_the_submission(options, kaggle: KaggleServer, capsys):
    main(SubmitOptions(**options, dry=True))
    values = [float(line.split(",")[1]) for line in FILE.read_text().splitlines()[1:]]
    out = capsys.readouterr().out
    assert f"76 rows, {min(values):.2f} to {max(values):.2f} px, from model 'model'" in out
    assert re.search(r"Out-of-fold RMSE \d\.\d{3}, capped \d\.\d{3}\n", out)
    assert "Message: first: model; out-of-fold" in out
    assert re.search(r"left today: 5 \(Kaggle's day ends at 0:00 UTC, in \d+:\d\d hours\)", out)
    assert kaggle.operations == ["GetSubmissionLimits"]
    assert not LEDGER.exists()


def test_on_kaggles_data_the_rank_is_estimated(options, kaggle, capsys, monkeypatch):
    monkeypatch.setattr("kfold.leaderboard.leaderboard.KAGGLE_TEST_IMAGES", 4)
    monkeypatch.setattr("kfold.leaderboard.leaderboard.KAGGLE_TEST_VALUES", 76)
    main(SubmitOptions(**options, dry=True))
    assert "estimated rank 1 of 175" in capsys.readouterr().out


def test_rendered_faces_are_not_uploaded(options, kaggle: KaggleServer, capsys):
    (options["data"] / RECORD_FILE).write_text("{}")
    main(SubmitOptions(**options))
    assert "rendered faces, which Kaggle cannot score" in " ".join(capsys.readouterr().out.split())
    assert FILE.is_file()
    assert not kaggle.operations
    assert not LEDGER.exists()


def test_a_dry_run_works_without_kaggle(options, kaggle: KaggleServer, capsys):
    kaggle.fail("GetSubmissionLimits", status=401)
    main(SubmitOptions(**options, dry=True))
    assert "left today: unknown (could not ask" in capsys.readouterr().out


def test_joined_predictions_are_submitted_as_such(options, kaggle: KaggleServer, capsys):
    opened = open_named_run("first", options["data"])
    joined_run(opened, "forest", 1.5)
    main(SubmitOptions(**options | {"entry": "forest"}))
    main(SubmitOptions(**options | {"entry": "stack"}))
    blend, message = (each["description"] for each in kaggle.submissions)
    assert message.startswith("first: forest, predicted elsewhere; out-of-fold ")
    assert re.match("first: stack of (model, forest|forest, model); out-of-fold ", blend)
    assert "from joined 'forest'" in capsys.readouterr().out


def test_a_run_of_joined_predictions_alone_is_submitted(options, kaggle: KaggleServer, capsys):
    shutil.rmtree("runs/first")
    opened = finished_run(Path("runs/first"), read_competition(options["data"]), {})
    joined_run(opened, "forest", 1.0)
    main(SubmitOptions(run="first", data=options["data"], dry=True))
    out = capsys.readouterr().out
    assert "76 rows" in out
    assert re.search(r"Message: first: \w+( of forest|, predicted elsewhere); out-of-fold", out)


def test_a_blend_names_its_models(options, kaggle: KaggleServer):
    main(SubmitOptions(**options | {"entry": "stack"}))
    assert kaggle.submissions[0]["description"].startswith("first: stack of model; out-of-fold ")
