"""A search that is cut off, or whose trials fail, continues with the same command."""

from collections import Counter

import pytest
from joblib.externals.loky.process_executor import TerminatedWorkerError
from optuna.trial import TrialState

from data.system.errors import UserError
from kfold.parallel.outcomes import Failed
from kfold.runs.run_config import JOURNAL
from kfold.search.study import accepted, finished, is_reference, open_study
from tests.kfold.search.searches import FOLDS, REFERENCE, FormulaPool, search


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
    cut = {trial.number for trial in open_study(folder, REFERENCE).trials if accepted(trial)}
    study, _, _ = search(folder, 5, jobs=2)
    assert cut <= {trial.number for trial in study.trials if accepted(trial)}
    assert states(study)[TrialState.RUNNING] == 0
    assert sum(states(study).values()) == 5
    assert study.trials[0].state == TrialState.COMPLETE
    for trial in finished(study):
        assert trial.user_attrs["minutes"] >= FOLDS - 1e-6


def test_a_journal_that_breaks_off_is_repaired(tmp_path):
    folder = tmp_path / "tune"
    search(folder, 1)
    journal = folder / JOURNAL
    journal.write_bytes(journal.read_bytes() + b'{"op_code": 4, "wor')
    (folder / f"{JOURNAL}.lock").symlink_to(journal)
    study, _, _ = search(folder, 2)
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
    stopped = next(t for t in open_study(folder, REFERENCE).trials if "unpromising" in t.user_attrs)
    assert stopped.state == TrialState.RUNNING
    study, pool, _ = search(folder, stopped.number + 2)
    assert study.trials[stopped.number].state == TrialState.PRUNED
    assert f"trial{stopped.number}" not in {task.model for task in pool.finished}
