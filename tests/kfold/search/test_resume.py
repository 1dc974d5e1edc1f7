"""A search that is cut off, or whose trials fail, continues with the same command."""

import errno
import os
from collections import Counter

import pytest
from joblib.externals.loky.process_executor import TerminatedWorkerError
from optuna.trial import TrialState

from data.system.errors import UserError
from kfold.parallel.outcomes import Failed
from kfold.runs.run_config import JOURNAL
from kfold.search.study import accepted, finished, is_reference, open_study
from tests.kfold.search.searches import FOLDS, REFERENCE, SPACE, FormulaPool, search


def states(study):
    return Counter(trial.state for trial in study.trials if accepted(trial))


def test_the_same_command_does_nothing_and_more_trials_continue(tmp_path):
    folder = tmp_path / "tune"
    search(folder, 2)
    study, pool, _ = search(folder, 2)
    assert not pool.finished
    assert sum(states(study).values()) == 2
    study, _, _ = search(folder, 4)
    assert sum(states(study).values()) == 4
    proposals = [tuple(trial.params.values()) for trial in study.trials]
    assert len(set(proposals)) == len(proposals)


@pytest.mark.parametrize("epochs", [5, 12, 31, 47])
def test_a_search_that_is_cut_off_continues_where_it_was(epochs, tmp_path):
    """`FormulaPool` fails if what is finished is trained again."""
    folder = tmp_path / "tune"
    with pytest.raises(KeyboardInterrupt):
        search(folder, 5, jobs=2, breaks_after=epochs)
    cut = {trial.number for trial in open_study(folder, SPACE).trials if accepted(trial)}
    study, _, _ = search(folder, 5, jobs=2)
    assert cut <= {trial.number for trial in study.trials if accepted(trial)}
    assert states(study)[TrialState.RUNNING] == 0
    assert sum(states(study).values()) == 5
    assert study.trials[0].state == TrialState.COMPLETE
    for trial in finished(study):
        assert trial.user_attrs["minutes"] >= FOLDS - 1e-6


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        (lambda text: text + b"\n", None),
        (lambda text: text.replace(b"\n", b"\r\n\r\n", 3) + b" \n", None),
        (lambda text: text.rstrip(b"\n"), None),
        (lambda text: text + b'{"op_code": 4, "wor', "line {0} of {0}"),
        (lambda text: text + bytes(512), "line {0} of {0}"),
        (lambda text: text + b"[]\n", "line {0} of {0}"),
    ],
)
def test_a_journal_keeps_every_line_that_can_be_read(tmp_path, capsys, edit, named):
    folder = tmp_path / "tune"
    search(folder, 2)
    journal = folder / JOURNAL
    before = journal.read_bytes()
    journal.write_bytes(edit(before))
    (folder / f"{JOURNAL}.lock").symlink_to(journal)
    capsys.readouterr()
    study = open_study(folder, SPACE)
    printed = capsys.readouterr().err
    assert journal.read_bytes().startswith(before)  # Optuna adds that it was opened
    assert sum(states(study).values()) == 2
    expected = named.format(before.count(b"\n") + 1) + " cannot be read" if named else ""
    assert expected in printed
    assert bool(printed) == bool(named)


@pytest.mark.parametrize("line", [0, 1, 20, 40, -5])
def test_a_search_goes_on_from_before_a_damaged_line(tmp_path, capsys, line):
    folder = tmp_path / "tune"
    trials = search(folder, 4)[0].trials
    journal = folder / JOURNAL
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[line] = lines[line][:-9]  # and so it ends in the next one
    journal.write_bytes(b"".join(lines))
    capsys.readouterr()
    again, _, _ = search(folder, 6)  # trials that the journal lost are not trained a second time
    assert f"{folder / JOURNAL}.damaged" in capsys.readouterr().err
    lost = (folder / f"{JOURNAL}.damaged").read_bytes()
    assert lost.splitlines() == b"".join(lines).splitlines()[line if line >= 0 else line + 1 :]
    assert sum(states(again).values()) == 6
    assert any(map(is_reference, finished(again)))
    for before, now in zip(trials, again.trials, strict=False):
        assert not accepted(now) or now.params == before.params


def test_no_symbolic_link_is_needed(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "symlink", refuse)
    study, _, _ = search(tmp_path / "tune", 2)
    assert sum(states(study).values()) == 2


def test_a_trial_that_fails_does_not_count_against_its_recipe(tmp_path):
    folder = tmp_path / "tune"
    for _ in range(2):
        with pytest.raises(UserError, match=r"3 trials failed.*failed with OSError: full; what is"):
            search(folder, 5, fault=lambda _: Failed("failed with OSError: full."))
    study, _, _ = search(folder, 3)
    assert sum(states(study).values()) == 3
    assert sum(map(is_reference, finished(study))) == 1
    assert [trial.state for trial in study.trials if is_reference(trial)] == [
        TrialState.FAIL,
        TrialState.FAIL,
        TrialState.COMPLETE,
    ]


def test_a_trial_that_crashes_its_worker_twice_is_given_up(tmp_path):
    folder = tmp_path / "tune"
    for _ in range(2):
        with pytest.raises(TerminatedWorkerError):
            search(
                folder,
                3,
                fault=lambda recipe: TerminatedWorkerError() if recipe != REFERENCE else None,
            )
    study, _, printed = search(folder, 3)
    assert "given up after 2 crashes" in printed
    crashed = [trial for trial in study.trials if "crashes" in trial.user_attrs]
    assert [trial.state for trial in crashed] == [TrialState.FAIL]
    assert sum(states(study).values()) == 3


def test_an_unpromising_trial_stays_so(tmp_path, monkeypatch):
    """The search is killed between the verdict and the training's end."""

    def stop(self, task):
        raise KeyboardInterrupt

    folder, trials = tmp_path / "tune", 14
    with monkeypatch.context() as patch:
        patch.setattr(FormulaPool, "stop", stop)
        with pytest.raises(KeyboardInterrupt):
            search(folder, trials)
    stopped = next(t for t in open_study(folder, SPACE).trials if "unpromising" in t.user_attrs)
    assert stopped.state == TrialState.RUNNING
    study, pool, _ = search(folder, stopped.number + 2)
    assert study.trials[stopped.number].state == TrialState.PRUNED
    assert f"trial{stopped.number}" not in {task.model for task in pool.finished}
