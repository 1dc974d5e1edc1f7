"""A search with real trainings: few faces, two folds, one epoch."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from optuna.trial import TrialState
from rich.console import Console

from data.system.errors import UserError
from kfold.config.config_file import read_config
from kfold.config.cv_config import CVConfig
from kfold.cv import CVOptions
from kfold.cv import main as cv
from kfold.parallel.crossval import cross_validate
from kfold.runs.locate import read_run
from kfold.search.space import space_of
from kfold.search.study import accepted, finished, open_study
from kfold.tune import TuneOptions, main
from tests.kfold.few_faces import few_faces
from tests.kfold.search.small_tune import SMALL

CORRECTIONS = Path("mine.csv")
PLAIN = {"data": Path("demo"), "folds": 2, "epochs": 1, "jobs": 1}
FEW = PLAIN | {"corrections": (CORRECTIONS,)}
WORDS = ("DATA=demo", "TRIALS=2", "FOLDS=2", "EPOCHS=1", "JOBS=1", f"CORRECTIONS={CORRECTIONS}")
TUNE = Path("runs/tune")
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    """A folder with few faces, in which all is run; a machine with one core."""
    with few_faces(tmp_path_factory.mktemp("tune"), train=24) as patch:
        patch.setattr("kfold.config.presets.QUICK", SMALL)
        CORRECTIONS.write_text("row,keypoint,action,x,y\n0,nose_tip,drop,,\n")
        yield


@pytest.fixture(scope="module")
def study(folder):
    """A search on corrected labels, killed in its first training, finished by the same command."""
    command = [sys.executable, "-m", "tests.kfold.search.small_tune", *WORDS]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, start_new_session=True) as process:
        while not list(TUNE.glob("trial0/seed0/fold0")):
            assert process.poll() is None
            signal.sigtimedwait([], 0.02)
        os.killpg(process.pid, signal.SIGKILL)
    main(TuneOptions(**FEW, trials=2))
    return open_study(TUNE, space_of(read_run(TUNE).config.models["trial0"]))


def test_it_is_finished_and_its_trials_are_models_of_a_run(study):
    trials = [trial for trial in study.trials if accepted(trial)]
    assert len(trials) == 2
    assert trials[0].state == TrialState.COMPLETE
    assert trials[1].state.is_finished()
    assert read_run(TUNE).finished_seeds("trial0") == [0]


def test_the_same_command_trains_nothing(study, monkeypatch):
    made = (TUNE / "trial0/seed0/fold0/done.json").stat().st_mtime_ns
    monkeypatch.delattr("kfold.parallel.local_pool.LocalPool.submit")
    main(TuneOptions(**FEW, trials=2))
    assert (TUNE / "trial0/seed0/fold0/done.json").stat().st_mtime_ns == made


def test_the_winner_is_the_quick_preset_with_changes_and_can_be_trained(study):
    tuned = json.loads((TUNE / "winner.json").read_text())["models"]["tuned"]
    assert tuned["tta"] == SMALL.models["regression"].tta
    assert tuned["epochs"] == 1
    preset = replace(read_config(TUNE / "winner.json"), folds=2)
    config = CVConfig(Path("demo"), preset, (CORRECTIONS,))
    run = cross_validate(config, Path("runs/winner"), Console()).run
    best = finished(study)[0]
    # The same recipe, labels, folds and seed: the winner's trainings are those of its trial.
    again = [run.summary("tuned", 0, fold).rmse for fold in range(2)]
    before = [read_run(TUNE).summary(f"trial{best.number}", 0, fold).rmse for fold in range(2)]
    assert again == pytest.approx(before, rel=1e-4)


def test_the_winner_and_the_reference_get_a_second_seed(study):
    before = read_run(TUNE).summary("trial0", 0, 0)
    config = TUNE / "second_seed.json"
    cv(CVOptions(data=Path("demo"), config=config, run="tune", jobs=1, corrections=(CORRECTIONS,)))
    run = read_run(TUNE)
    assert run.summary("trial0", 0, 0) == before
    for number in {0, finished(study)[0].number}:
        assert run.finished_seeds(f"trial{number}") == [0, 1]
    report = (TUNE / "leaderboard.md").read_text()
    assert "Capped RMSE of each seed, in pixels" in report
    assert "| trial0 | 1 |" in report


def test_it_continues_with_other_epochs_only_if_forced(study):
    with pytest.raises(UserError, match=r"trial0\.epochs was 1, now 2"):
        main(TuneOptions(**{**FEW, "epochs": 2}))
    assert (TUNE / "winner.json").is_file()


def test_it_keeps_its_corrections_and_refuses_others(study):
    assert (TUNE / "corrections.csv").read_text() == CORRECTIONS.read_text()
    with pytest.raises(UserError, match=r"corrections was \w+, now none"):
        main(TuneOptions(**PLAIN))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"corrections": (Path("gone.csv"),)}, r"gone\.csv"),
        ({"folds": 99}, "folds: expected at most"),
    ],
)
def test_a_refused_force_forgets_no_search(study, wrong, message):
    with pytest.raises(UserError, match=message):
        main(TuneOptions(**(FEW | wrong), force=True))
    assert (TUNE / "search.journal").exists()


def test_it_stays_out_of_another_runs_folder():
    other = Path("runs/other/folds.csv")
    other.parent.mkdir(parents=True)
    other.write_text("row,annotator,group,fold\n")
    with pytest.raises(UserError, match="expected a search, found other files"):
        main(TuneOptions(**FEW, run="other", force=True))
    assert list(other.parent.iterdir()) == [other]


@pytest.mark.parametrize("name", ["trials", "minutes", "epochs"])
def test_an_empty_budget_is_refused(name):
    with pytest.raises(UserError, match=f"{name}: expected more than 0, found 0"):
        main(TuneOptions(**{**FEW, name: 0}))


def test_without_optuna_the_message_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UserError, match=r"make tune. installs it.*requirements-cluster.txt"):
        main(TuneOptions(**FEW))
