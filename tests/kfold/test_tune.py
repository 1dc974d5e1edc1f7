"""`make tune` with real trainings: few faces, two folds, one epoch."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from optuna.trial import TrialState

from data.errors import UserError
from kfold.config_file import read_config
from kfold.cv import Options as CrossValidation
from kfold.cv import main as cross_validate
from kfold.presets import QUICK
from kfold.run import read_run
from kfold.study import open_study, taken
from kfold.tune import Options, main
from tests.kfold.few_faces import few_faces

FEW = {"data": Path("demo"), "folds": 2, "epochs": 1, "jobs": 1}
TUNE = Path("runs/tune")


@pytest.fixture(scope="module", autouse=True)
def place(tmp_path_factory):
    """A folder with few faces, from which all is run; a machine with one core."""
    with few_faces(tmp_path_factory.mktemp("tune"), train=40):
        yield


@pytest.fixture(scope="module")
def searched(place):
    """A search that is killed while its first trial trains, then finished by the same command."""
    command = [sys.executable, "-m", "kfold.tune", "--data", "demo", "--trials", "2"]
    command += ["--folds", "2", "--epochs", "1", "--jobs", "1"]
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(command, env=environment, start_new_session=True) as process:
        while not list(TUNE.glob("trial0/seed0/fold0")):
            assert process.poll() is None
            signal.sigtimedwait([], 0.1)
        os.killpg(process.pid, signal.SIGKILL)
    main(Options(**FEW, trials=2))
    return open_study(TUNE, read_run(TUNE).config.models["trial0"])


def test_it_is_finished_and_its_trials_are_models_of_a_run(searched):
    trials = [trial for trial in searched.trials if taken(trial)]
    assert len(trials) == 2
    assert trials[0].state == TrialState.COMPLETE
    assert trials[1].state.is_finished()
    run = read_run(TUNE)
    assert run.finished_seeds("trial0") == [0]
    assert all(run.summary("trial0", 0, fold) for fold in range(2))


def test_the_same_command_trains_nothing(searched, monkeypatch):
    made = (TUNE / "trial0/seed0/fold0/done.json").stat().st_mtime_ns
    monkeypatch.delattr("kfold.workers.Trainers.submit")
    main(Options(**FEW, trials=2))
    assert (TUNE / "trial0/seed0/fold0/done.json").stat().st_mtime_ns == made


def test_the_winner_is_what_cv_takes(searched):
    config = TUNE / "winner.json"
    cross_validate(CrossValidation(data=Path("demo"), config=config, folds=2))
    run = read_run(Path("runs/winner"))
    assert run.config.models == read_config(TUNE / "winner.json").models
    assert run.finished_seeds("tuned") == [0]
    best = min((t for t in searched.trials if t.value is not None), key=lambda t: t.value)
    # The same recipe, folds and seed: the winner's trainings are those of its trial.
    again = [run.summary("tuned", 0, fold)["rmse"] for fold in range(2)]
    before = [read_run(TUNE).summary(f"trial{best.number}", 0, fold)["rmse"] for fold in range(2)]
    assert again == pytest.approx(before, rel=1e-4)


def test_the_winner_and_the_reference_get_a_second_seed(searched):
    before = read_run(TUNE).summary("trial0", 0, 0)
    cross_validate(CrossValidation(data=Path("demo"), config=TUNE / "second_seed.json", run="tune"))
    run = read_run(TUNE)
    assert run.summary("trial0", 0, 0) == before
    best = min((t for t in searched.trials if t.value is not None), key=lambda t: t.value)
    for number in {0, best.number}:
        assert run.finished_seeds(f"trial{number}") == [0, 1]
    report = (TUNE / "leaderboard.md").read_text()
    assert "Trusted RMSE of each seed alone" in report
    assert "| trial0 | 2 |" in report


def test_it_goes_on_with_other_epochs_only_if_forced(searched):
    with pytest.raises(UserError, match=r"trial0\.epochs was 1, now 2"):
        main(Options(**{**FEW, "epochs": 2}))
    assert (TUNE / "winner.json").is_file()


def test_it_trains_on_corrected_labels(searched, monkeypatch):
    corrections = Path("mine.csv")
    corrections.write_text("row,keypoint,action,x,y\n0,nose_tip,drop,,\n")
    with pytest.raises(UserError, match="corrections was none, now"):
        main(Options(**FEW, corrections=corrections))
    main(Options(**FEW, run="corrected", trials=1, corrections=corrections))
    run = read_run(Path("runs/corrected"))
    assert (run.folder / "corrections.csv").read_text() == corrections.read_text()
    plain, corrected = (r.summary("trial0", 0, 1)["rmse"] for r in (read_run(TUNE), run))
    assert plain != corrected
    journal = run.folder / "search.journal"
    with pytest.raises(UserError, match=r"gone\.csv"):
        main(Options(**FEW, run="corrected", corrections=Path("gone.csv"), force=True))
    with pytest.raises(UserError, match="folds: expected at most"):
        main(Options(**{**FEW, "folds": 99}, run="corrected", force=True))
    assert journal.exists()


def test_it_stays_out_of_another_runs_folder(searched):
    before = sorted(Path("runs/winner").iterdir())
    with pytest.raises(UserError, match="expected a search, found other files"):
        main(Options(**FEW, run="winner", force=True))
    assert sorted(Path("runs/winner").iterdir()) == before


@pytest.mark.parametrize("name", ["trials", "minutes", "epochs"])
def test_a_budget_of_nothing_is_refused(name):
    with pytest.raises(UserError, match=f"{name}: expected more than 0, found 0"):
        main(Options(**{**FEW, name: 0}))


def test_without_optuna_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UserError, match=r"make tune. installs it.*requirements-cluster.txt"):
        main(Options(**FEW))


def test_the_winner_is_the_quick_preset_with_changes(searched):
    tuned = json.loads((TUNE / "winner.json").read_text())["models"]["tuned"]
    assert tuned["views"] == QUICK.models["heatmap"].views
    assert tuned["epochs"] == 1
